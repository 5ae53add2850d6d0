import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { signRequest } from '../../src/http/sign-request.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { ANVIL_CHAIN } from '../setup/anvil.js'
import { expectCode } from '../setup/expect-code.js'
import { accepting, NOW, post, RESOURCE } from '../setup/request-signer.js'
import { startLyingRPC, startRPC } from '../setup/rpc-server.js'
import {
  accountOn,
  OWNER,
  type SmartAccounts,
  STARTUP_MS,
  signedBy,
  startSmartAccounts,
} from '../setup/smart-accounts.js'
import { KEY_B } from '../setup/wallet.js'

const ROUND = ['eth_call', 'eth_chainId']
const SALT = `0x${'42'.padStart(64, '0')}` as const
const fifty = <T>(work: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 50 }, (_, i) => work(i)))

let chain: SmartAccounts
beforeAll(async () => {
  chain = await startSmartAccounts()
}, STARTUP_MS)
afterAll(() => chain?.stop())

/** A capability of an account that isn't deployed yet. */
const counterfactual = async (changes: Record<string, unknown> = {}, by = OWNER): Promise<Cacao> =>
  signedBy(
    accountOn(await chain.addressOf(SALT)),
    async (message) => chain.wrap(await by.signMessage({ message }), SALT),
    changes,
  )
/** An RPC that counts its requests, verifiers that use it, and their clock. */
const counting = async () => {
  const clock = testClock(NOW)
  const { url, calls } = await startLyingRPC(chain.url, {})
  const verifiers = ethereumVerifiers({ rpc: { [ANVIL_CHAIN]: url }, now: clock.now })
  return {
    calls,
    clock,
    verifiers,
    verify: (cacao: unknown) => verifyCacao(cacao, { verifiers, now: () => NOW }),
  }
}

describe('fifty simultaneous verifications for one account that is not deployed', () => {
  it('share one round of RPC calls if they are requests', async () => {
    const { verifiers, calls } = await counting()
    const key = await generateSessionKey('P-256')
    const cacao = await counterfactual({ aud: key.did, resources: [RESOURCE] })
    const verify = requestVerifier({ ...accepting, verifiers })
    const callers = await fifty(async () => verify(await signRequest(post(), { key, cacao }, NOW)))
    expect(new Set(callers.map(({ account }) => account)).size).toBe(1)
    expect(calls.sort()).toEqual(ROUND)
    // An accepted signature is checked again, because the account may have a new owner by now.
    await verify(await signRequest(post(), { key, cacao }, NOW))
    expect(calls).toHaveLength(4)
  })

  it('share one round if they are refused, and cause none for a second', async () => {
    const { verify, calls, clock } = await counting()
    const forged = await counterfactual({}, privateKeyToAccount(KEY_B))
    const refused = (): Promise<unknown> => expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(forged))
    await fifty(refused)
    const { length } = calls
    // One call for each form of the text.
    expect(calls.filter((method) => method === 'eth_chainId')).toHaveLength(1)
    expect(length).toBeLessThanOrEqual(4)
    clock.advance(0.999)
    await refused()
    expect(calls).toHaveLength(length)
    // A refusal does not affect other capabilities.
    await verify(await counterfactual())
    expect(calls.length).toBe(length + 2)
    clock.advance(0.001)
    await refused()
    expect(calls.length).toBeGreaterThan(length + 2)
  })
})

describe('verifications of different capabilities', () => {
  it('each make RPC calls of their own', async () => {
    const { verify, calls } = await counting()
    const several = [await counterfactual(), await counterfactual({ nonce: 'another123' })]
    await Promise.all(several.map(verify))
    expect(calls.sort()).toEqual([...ROUND, ...ROUND].sort())
  })

  it('that differ only in the account get two results', async () => {
    const { verify } = await counting()
    const { h, p, s } = await counterfactual()
    const other = { h, p: { ...p, iss: `did:pkh:${accountOn(await chain.put())}` }, s }
    const [own, foreign] = await Promise.allSettled([verify({ h, p, s }), verify(other)])
    expect([own.status, foreign.status]).toEqual(['fulfilled', 'rejected'])
  })

  it('by other verifiers make their own calls, because another RPC may differ', async () => {
    const [one, other] = [await counting(), await counting()]
    const cacao = await counterfactual()
    await Promise.all([one.verify(cacao), other.verify(cacao)])
    expect([one.calls.sort(), other.calls.sort()]).toEqual([ROUND, ROUND])
  })
})

describe('an RPC that is down', () => {
  it('is called by one of fifty, and by none for a second; then it is called again', async () => {
    let isDown = true
    const { url, calls } = await startRPC(async (response, _, body) => {
      if (isDown) return void response.writeHead(503).end()
      const headers = { 'content-type': 'application/json' }
      response.end(await (await fetch(chain.url, { method: 'POST', headers, body })).text())
    })
    const clock = testClock(NOW)
    const verifiers = ethereumVerifiers({ rpc: url, now: clock.now })
    const cacao = await counterfactual()
    const verify = (): Promise<Cacao> => verifyCacao(cacao, { verifiers, now: () => NOW })
    await fifty(() => expectCode('ERR_RPC_UNAVAILABLE', verify))
    // After the first request has failed, the second one may not be sent.
    const { length } = calls
    expect(calls.filter((method) => method === 'eth_chainId')).toHaveLength(1)
    expect(length).toBeLessThanOrEqual(2)
    isDown = false
    await expectCode('ERR_RPC_UNAVAILABLE', verify)
    expect(calls).toHaveLength(length)
    clock.advance(1)
    expect(await verify()).toEqual(cacao)
  })

  it('that never answers is waited for once by all, and then aborted', async () => {
    let arrived = 0
    let all = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      all = resolve
    })
    const { url, calls } = await startRPC(() => {
      if (++arrived === ROUND.length) all()
    })
    const verifiers = ethereumVerifiers({ rpc: url, rpcTimeoutMs: 60_000 })
    const cacao = await counterfactual()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const refused = fifty(() =>
      expectCode('ERR_RPC_UNAVAILABLE', () => verifyCacao(cacao, { verifiers, now: () => NOW })),
    )
    await asked
    vi.advanceTimersByTime(60_000)
    await refused
    expect(calls.sort()).toEqual(ROUND)
  })
})
