import { expect, it } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { NOW } from '../setup/request-signer.js'

const options = { verifiers: ethereumVerifiers(), now: () => NOW }
const hanging = { isRevoked: () => new Promise<boolean>(() => undefined) }

it('refuses a capability whose revocation store does not answer within storeTimeoutMs', async () => {
  const waiting = { ...options, revocation: hanging, storeTimeoutMs: 20 }
  await expectCode('ERR_STORE_UNAVAILABLE', () => verifyCacao(signed(), waiting))
  const { problems } = await inspectCacao(signed(), waiting)
  expect(problems.map(({ code }) => code)).toEqual(['ERR_STORE_UNAVAILABLE'])
})

it('accepts a capability whose revocation store answers within storeTimeoutMs', async () => {
  const late = { isRevoked: () => new Promise<boolean>((resolve) => setTimeout(resolve, 20, false)) }
  for (const revocation of [late, memoryRevocation()])
    await verifyCacao(signed(), { ...options, revocation, storeTimeoutMs: 60_000 })
})

it('takes a missing answer for a refusal, not for a late one', async () => {
  const revocation = { isRevoked: async () => undefined as unknown as boolean }
  await expectCode('ERR_CAPABILITY_REVOKED', () => verifyCacao(signed(), { ...options, revocation }))
})

it("says that the store failed, not that the capability was revoked, if it can't be asked", async () => {
  const failures = [
    () => Promise.reject(new TypeError('fetch failed')),
    () => {
      throw new Error('fetch failed')
    },
    () => Promise.reject(new SessionError('ERR_STORE_CORRUPT', 'fetch failed')),
  ]
  for (const isRevoked of failures) {
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () =>
      verifyCacao(signed(), { ...options, revocation: { isRevoked } }),
    )
    expect(message).toBe('the revocation store failed: fetch failed')
  }
  const down = new SessionError('ERR_STORE_UNAVAILABLE', 'Redis is down')
  const same = { isRevoked: () => Promise.reject(down) }
  expect(await failureOf(() => verifyCacao(signed(), { ...options, revocation: same }))).toBe(down)
})
