import { beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { testClock } from '../../src/testing/index.js'
import { ethereumAccount, ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { type WalletConnectStandIn, walletConnect } from '../setup/walletconnect.js'

const resources = ['https://api.example/notes/*']

let phone: WalletConnectStandIn
let options: Parameters<typeof DIDSession.get>[2] & { store: ReturnType<typeof memoryStore> }

beforeEach(async () => {
  phone = walletConnect()
  options = { resources, domain: 'app.example', store: memoryStore(), verifiers: ethereumVerifiers() }
  await ethereumAccount(phone.provider)
  phone.app.behaviour = 'hangs'
})

const signIn = (changes: Partial<typeof options> = {}): Promise<DIDSession> =>
  DIDSession.get(phone.app.account, ethereumAuth(phone.provider), { ...options, ...changes })

/** A sign-in for which the person has switched to the wallet's app. */
async function begun(changes?: Partial<typeof options>): Promise<Promise<DIDSession>[]> {
  const times = phone.app.prompts + 1
  const session = signIn(changes)
  session.catch(() => undefined)
  await phone.app.prompted(times)
  return [session]
}

describe('a wallet on a phone', () => {
  it('may answer after the page has slept, and the session is created', async () => {
    const clock = testClock()
    const [session] = await begun({ now: clock.now })
    clock.advance(45 * 60)
    phone.app.behaviour = 'approves'
    expect((await session)?.isAuthorized(resources)).toBe(true)
    expect(phone.listeners('session_delete')).toBe(0)
  })

  it('answers too late, when its capability has expired', async () => {
    const clock = testClock()
    const [session] = await begun({ now: clock.now, expiresInSecs: 600 })
    clock.advance(11 * 60)
    phone.app.behaviour = 'approves'
    await expectCode('ERR_CAPABILITY_EXPIRED', () => session)
    expect(await DIDSession.list({ store: options.store })).toEqual([])
  })

  it('disconnects: the sign-in rejects at once, even though the request stays open', async () => {
    const [session] = await begun()
    expect(phone.listeners('session_delete')).toBe(1)
    phone.end()
    const error = await expectCode('ERR_AUTH_FAILED', () => session)
    expect(error.message).toContain('connect it again')
    expect(phone.listeners('session_delete')).toBe(0)
    // A late answer of the wallet does not sign in.
    phone.app.behaviour = 'approves'
    expect(await DIDSession.load(undefined, { store: options.store })).toBeUndefined()
    await ethereumAccount(phone.provider)
    expect((await signIn()).isAuthorized(resources)).toBe(true)
  })

  it('is still waited for when its extension has lost its chain for a moment', async () => {
    const [session] = await begun()
    phone.app.emit('disconnect', { code: 1013, message: 'no chain' })
    phone.app.behaviour = 'approves'
    expect((await session)?.isAuthorized(resources)).toBe(true)
  })

  it.each<[string, unknown, 'ERR_AUTH_REJECTED' | 'ERR_AUTH_FAILED']>([
    ['rejects', { code: 5000, message: 'User rejected.' }, 'ERR_AUTH_REJECTED'],
    [
      'rejects the methods',
      { code: 5001, message: 'User disapproved requested methods' },
      'ERR_AUTH_REJECTED',
    ],
    [
      'never answers, until WalletConnect times out',
      new Error('Request expired. Please try again.'),
      'ERR_AUTH_FAILED',
    ],
  ])('%s', async (_, error, code) => {
    const [session] = await begun()
    phone.app.behaviour = { throws: error }
    await expectCode(code, () => session)
  })

  it('never answers: after an abort and a second prompt, a late first answer is ignored', async () => {
    const controller = new AbortController()
    const [first] = await begun({ signal: controller.signal })
    controller.abort(new Error('cancelled by the person'))
    expect(await failureOf(() => first)).toEqual(new Error('cancelled by the person'))
    const [second] = await begun()
    phone.app.behaviour = 'approves'
    const session = await second
    expect(phone.app.prompts).toBe(2)
    const stored = await DIDSession.list({ store: options.store })
    expect(stored.map(({ keyDID }) => keyDID)).toEqual([session?.keyDID])
  })

  it('shows one prompt, even if the person taps repeatedly', async () => {
    const [first] = await begun()
    const second = signIn()
    phone.app.behaviour = 'approves'
    expect((await second).keyDID).toBe((await first)?.keyDID)
    expect(phone.app.prompts).toBe(1)
  })
})
