import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { LiveSession } from '../../src/react/live-session.js'
import { listOptions, placeOptions, type SessionOptions } from '../../src/react/options.js'
import { signInRequest } from '../../src/react/sign-in-flight.js'
import type { SessionState } from '../../src/react/state.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory.js'
import { type TestWallet, testWallet } from '../../src/testing.js'
import { ethereumAccount, ethereumAuth } from '../../src/wallet/ethereum.js'
import { failureOf } from '../setup/expect-code.js'
import { gatedStore } from '../setup/gated-store.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const SECOND = 1000
const REJECTION = { code: 4001, message: 'User rejected' }

let wallet: TestWallet
let options: SessionOptions
let live: LiveSession
let stop: () => void
let ends: number

const auth = (of: TestWallet = wallet) => ethereumAuth(of.provider, undefined, { domain: 'app.example' })
const asB = () => signInRequest(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })))
const asA = () => signInRequest(ACCOUNT_A, auth())

/** The next state that is of this status, or the present one. */
const until = (status: SessionState['status'], of: LiveSession = live): Promise<SessionState> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (of.state.status !== status) return
      leave()
      resolve(of.state)
    }
    const leave = of.subscribe(look)
    look()
  })

/** Takes as long as it takes to sign in, and more. */
async function asLong(): Promise<void> {
  for (const namespace of ['one', 'another'])
    await DIDSession.get(ACCOUNT_A, auth(testWallet()), { resources, store: memoryStore(), namespace })
}

/** Makes one, with somebody who listens. */
function open(changes: Partial<SessionOptions> = {}): LiveSession {
  live = new LiveSession({ ...options, ...changes }, () => ends++)
  stop = live.subscribe(() => undefined)
  return live
}

beforeEach(() => {
  wallet = testWallet()
  options = { resources, store: memoryStore() }
  ends = 0
})
afterEach(() => stop())

describe('a live session', () => {
  it('loads: nobody is signed in, or somebody is', async () => {
    expect(open().state.status).toBe('loading')
    expect(await until('signed-out')).toMatchObject({
      session: undefined,
      account: undefined,
      error: undefined,
    })
    const session = await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    open()
    const state = await until('signed-in')
    expect([state.account, state.session?.keyDID]).toEqual([ACCOUNT_A, session.keyDID])
    expect(live.state).toBe(live.state)
  })

  it('loads the session of the account that it is told, not the one used last', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { ...options })
    open()
    expect((await until('signed-in')).account).toBe(ACCOUNT_B)
    stop()
    open({ account: ACCOUNT_A })
    expect((await until('signed-in')).account).toBe(ACCOUNT_A)
  })

  it('signs in, once for many calls, and gives the same session to all', async () => {
    open()
    const calls = [live.signIn(options, asA()), live.signIn(options, asA())]
    expect(live.state).toMatchObject({ status: 'signing-in', session: undefined })
    const [first, second] = await Promise.all(calls)
    expect(first?.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(second).toBe(first)
    expect(live.state).toMatchObject({ status: 'signed-in', session: first, account: ACCOUNT_A })
    expect(wallet.prompts).toBe(1)
  })

  it('covers the finding of the wallet, and asks for it once', async () => {
    open()
    const find = async () => {
      const account = await ethereumAccount(wallet.provider)
      return { account, authMethod: auth() }
    }
    const both = [live.signIn(options, signInRequest(find)), live.signIn(options, signInRequest(find))]
    expect(live.state.status).toBe('signing-in')
    expect((await both[0])?.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(await both[1]).toBe(await both[0])
    expect(wallet.calls.filter((method) => method === 'eth_requestAccounts')).toHaveLength(1)
    expect(wallet.prompts).toBe(1)
  })

  it.each<[string, () => unknown, string]>([
    ['is told no', () => Promise.reject(REJECTION), 'ERR_AUTH_REJECTED'],
    ['finds no wallet', () => ethereumAccount(undefined as never), 'ERR_AUTH_FAILED'],
  ])('puts back what was before when it %s while connecting', async (_, find, code) => {
    open()
    await until('signed-out')
    expect(await live.signIn(options, signInRequest(find as never))).toBeUndefined()
    expect(live.state).toMatchObject({ status: 'signed-out', error: { code } })
    expect(live.state.error).toBeInstanceOf(SessionError)
  })

  it('puts back what was before when the person says no, until the next try', async () => {
    open()
    wallet.behaviour = { throws: REJECTION }
    expect(await live.signIn(options, asA())).toBeUndefined()
    expect(live.state).toMatchObject({ status: 'signed-out', error: { code: 'ERR_AUTH_REJECTED' } })
    wallet.behaviour = 'approves'
    const again = live.signIn(options, asA())
    expect(live.state.error).toBeUndefined()
    expect(await again).toBeDefined()
    const other = testWallet({ privateKey: KEY_B })
    other.behaviour = { throws: REJECTION }
    const before = live.state.session
    const switching = live.signIn(options, signInRequest(ACCOUNT_B, auth(other)))
    expect(live.state).toMatchObject({ status: 'signing-in', session: before })
    await switching
    expect(live.state).toMatchObject({
      status: 'signed-in',
      session: before,
      error: { code: 'ERR_AUTH_REJECTED' },
    })
  })

  it('goes from one account to another, whose sign-in takes the place of one that hangs', async () => {
    open()
    wallet.behaviour = 'hangs'
    const hanging = live.signIn(options, asA())
    const session = await live.signIn(options, asB())
    expect(await hanging).toBeUndefined()
    expect(live.state).toMatchObject({ status: 'signed-in', session, account: ACCOUNT_B, error: undefined })
  })

  it.each<[string, (controller: AbortController) => unknown]>([
    ['the caller', (controller) => controller.abort()],
    ['signing out', () => live.signOut(options)],
  ])('gives up a wallet that hangs when it is told to by %s', async (_, give) => {
    open()
    await until('signed-out')
    wallet.behaviour = 'hangs'
    const controller = new AbortController()
    const request = signInRequest(ACCOUNT_A, auth(), { signal: controller.signal })
    const signingIn = live.signIn(options, request)
    await give(controller)
    expect(await signingIn).toBeUndefined()
    expect(live.state).toMatchObject({ status: 'signed-out', error: undefined })
    wallet.behaviour = 'approves'
    expect(await live.signIn(options, asA())).toBeDefined()
  })

  it.each<[string, unknown[]]>([
    ['an account that is none', ['alice', () => undefined]],
    ['a click', [{ type: 'click' }]],
    ['no auth method', [ACCOUNT_A]],
    ['a function that gives nothing', [() => undefined]],
    ['a lifetime that is none', [ACCOUNT_A, () => undefined, { expiresInSecs: -1 }]],
  ])('rejects with a TypeError for %s, and nobody is signing in', async (_, args) => {
    open()
    await until('signed-out')
    const signIn = async () =>
      live.signIn(options, signInRequest(...(args as Parameters<typeof signInRequest>)))
    expect(await failureOf(signIn)).toBeInstanceOf(TypeError)
    expect(live.state).toMatchObject({ status: 'signed-out', error: undefined })
  })

  it('signs out of the device, whatever else is stored of the account', async () => {
    open()
    const session = await live.signIn(options, asA())
    expect(await live.signOut(options)).toBe(true)
    expect(live.state).toMatchObject({ status: 'signed-out', account: undefined })
    expect(session?.isAuthorized()).toBe(false)
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('signs out also of what was being kept meanwhile, and of who was signed in before', async () => {
    const gate = gatedStore()
    const changed = { ...options, store: gate.store }
    open(changed)
    for (const begin of [() => live.signIn(changed, asB()), () => live.renew(changed, auth())]) {
      await live.signIn(changed, asA())
      const waits = gate.close()
      const beginning = begin()
      await waits
      const signingOut = live.signOut(changed)
      gate.open()
      expect(await beginning).toBeDefined()
      expect(await signingOut).toBe(true)
      expect(live.state).toMatchObject({ status: 'signed-out', account: undefined, error: undefined })
      expect(await DIDSession.list(listOptions(changed))).toEqual([])
    }
  })

  it('signs in after signing out, though both were asked for at once', async () => {
    open()
    await until('signed-out')
    wallet.behaviour = 'hangs'
    const givenUp = live.signIn(options, asA())
    await wallet.prompted()
    const signingOut = live.signOut(options)
    const again = live.signIn(options, asA())
    wallet.behaviour = 'approves'
    expect(await givenUp).toBeUndefined()
    expect(await signingOut).toBe(true)
    const session = await again
    expect(live.state).toMatchObject({ status: 'signed-in', session })
    expect(wallet.prompts).toBe(2)
  })

  it.each([
    ['what is being kept', ACCOUNT_A, asA],
    ['another account', ACCOUNT_B, asB],
  ])('signs in after signing out of %s, however slow that is', async (_, account, request) => {
    const gate = gatedStore()
    const changed = { ...options, store: gate.store }
    open(changed)
    const waits = gate.close()
    const first = live.signIn(changed, asA())
    await waits
    const signingOut = live.signOut(changed)
    const second = live.signIn(changed, request())
    await asLong()
    gate.open()
    await first
    expect(await signingOut).toBe(true)
    const session = await second
    expect(live.state).toMatchObject({ status: 'signed-in', session, account })
    expect(await session?.sign(new Uint8Array(1))).toHaveLength(64)
    expect((await DIDSession.list(listOptions(changed))).map((stored) => stored.account)).toEqual([account])
  })

  it('ends as the account that was chosen last, though the one before was being kept', async () => {
    const gate = gatedStore()
    const changed = { ...options, store: gate.store }
    open(changed)
    const waits = gate.close()
    const first = live.signIn(changed, asA())
    await waits
    const second = live.signIn(changed, asB())
    await asLong()
    gate.open()
    expect((await first)?.id).toContain(ACCOUNT_A)
    const session = await second
    expect(live.state).toMatchObject({ status: 'signed-in', session, account: ACCOUNT_B })
    expect((await DIDSession.load(undefined, changed))?.keyDID).toBe(session?.keyDID)
  })

  it('signs out even before it has loaded', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    open()
    expect(await live.signOut(options)).toBe(true)
    expect(live.state.status).toBe('signed-out')
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('renews while the session goes on, once for many calls', async () => {
    open()
    const session = await live.signIn(options, asA())
    const renewals = [live.renew(options, auth()), live.renew(options, auth())]
    expect(live.state).toMatchObject({ status: 'signed-in', session, isRenewing: true })
    const [first, second] = await Promise.all(renewals)
    expect(first?.keyDID).not.toBe(session?.keyDID)
    expect(second).toBe(first)
    expect(live.state).toMatchObject({ status: 'signed-in', session: first, isRenewing: false })
    expect(wallet.prompts).toBe(2)
  })

  it('keeps the session when the person declines to renew it, and says so', async () => {
    open()
    const session = await live.signIn(options, asA())
    wallet.behaviour = { throws: REJECTION }
    expect(await live.renew(options, auth())).toBeUndefined()
    const error = { code: 'ERR_AUTH_REJECTED' }
    expect(live.state).toMatchObject({ status: 'signed-in', session, error, isRenewing: false })
  })

  it('has nothing to renew where nobody was signed in', async () => {
    open()
    await until('signed-out')
    expect(await live.renew(options, auth())).toBeUndefined()
    expect(live.state).toMatchObject({ status: 'signed-out', error: { code: 'ERR_SESSION_REMOVED' } })
  })

  it('hears of a sign-in, renewal and sign-out by others', async () => {
    open()
    await until('signed-out')
    const session = await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    expect((await until('signed-in')).session?.keyDID).toBe(session.keyDID)
    const renewed = await session.renew(auth())
    await vi.waitFor(() => expect(live.state.session?.keyDID).toBe(renewed.keyDID), SOON)
    await DIDSession.remove(ACCOUNT_A, placeOptions(options))
    expect(await until('signed-out')).toMatchObject({ account: undefined })
  })

  it('finds a sign-in that happened while it only began to listen', async () => {
    const store = memoryStore()
    let isFirst = true
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    // As of a moment before: the first answers know nothing of the session.
    const readLast: typeof store.readLast = async (name) => {
      const last = isFirst ? undefined : store.readLast(name)
      isFirst = false
      return last
    }
    let reads = 0
    const read: typeof store.read = async (name, account) => (reads++ === 0 ? [] : store.read(name, account))
    open({ store: { ...store, read, readLast } })
    expect((await until('signed-in')).session?.keyDID).toBe(session.keyDID)
  })

  it('says that a store failed, until it can be read', async () => {
    const store = memoryStore()
    let isDown = true
    const read: typeof store.read = async (...args) => {
      if (isDown) throw new Error('down')
      return store.read(...args)
    }
    open({ store: { ...store, read } })
    const error = { code: 'ERR_STORE_UNAVAILABLE' }
    expect(await until('error')).toMatchObject({ session: undefined, error })
    expect(await live.signOut({ ...options, store: { ...store, read } })).toBe(false)
    live.retry()
    expect(live.state.status).toBe('loading')
    await until('error')
    isDown = false
    live.retry()
    expect(await until('signed-out')).toMatchObject({ error: undefined })
  })

  it('throws what only loading finds to be wrong with the options', async () => {
    open({ resources: [], abilities: { 'no uri': { 'notes/read': [{}] } } })
    await vi.waitFor(() => expect(() => live.state).toThrow(TypeError), SOON)
  })
})

describe('a live session that nobody listens to', () => {
  it('ends, and hears nothing more', async () => {
    open()
    await until('signed-out')
    stop()
    await vi.waitFor(() => expect(ends).toBe(1), SOON)
    await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    expect(live.state.status).toBe('signed-out')
  })

  it('ends once what was asked of it is done', async () => {
    stop = () => undefined
    live = new LiveSession(options, () => ends++)
    expect(await live.signIn(options, asA())).toBeDefined()
    expect(ends).toBe(1)
    expect(await new LiveSession(options, () => ends++).signOut(options)).toBe(true)
    expect(ends).toBe(2)
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('loads once for who leaves and comes back within one task', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    open()
    stop()
    stop = live.subscribe(() => undefined)
    await until('signed-out')
    expect([ends, load.mock.calls.length]).toEqual([0, 1])
    load.mockRestore()
  })

  it('is still there while the wallet is asked, for who comes back', async () => {
    open()
    let sign = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      sign = resolve
    })
    const authMethod: ReturnType<typeof auth> = async (opts) => {
      await asked
      return auth()(opts)
    }
    const signingIn = live.signIn(options, signInRequest(ACCOUNT_A, authMethod))
    stop()
    await Promise.resolve()
    expect(ends).toBe(0)
    stop = live.subscribe(() => undefined)
    expect(live.state.status).toBe('signing-in')
    sign()
    expect(await signingIn).toBeDefined()
    expect(live.state.status).toBe('signed-in')
    expect(wallet.prompts).toBe(1)
  })
})

describe('the time of a live session', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    stop()
    vi.useRealTimers()
  })

  const pass = async (secs: number): Promise<void> => {
    // What listens is loaded on demand.
    await import('../../src/session/on-demand.js')
    await Promise.resolve()
    vi.advanceTimersByTime(secs * SECOND)
    await vi.advanceTimersByTimeAsync(0)
  }

  it('is about to expire as long before as was said, then expires, and the account is remembered', async () => {
    open({ leadSecs: 600 })
    const session = await live.signIn({ ...options, expiresInSecs: 3600 }, asA())
    await pass(2999)
    expect(live.state.status).toBe('signed-in')
    await pass(1)
    expect(live.state).toMatchObject({ status: 'expiring', session })
    await pass(599)
    expect(live.state.status).toBe('expiring')
    await pass(1)
    expect(live.state).toMatchObject({ status: 'signed-out', account: ACCOUNT_A, error: undefined })
    expect(await live.renew(options, auth())).toBeDefined()
    expect(live.state).toMatchObject({ status: 'signed-in', account: ACCOUNT_A })
  })

  it('is about to expire from the start, if it is so late', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options, expiresInSecs: 200 })
    const seen: string[] = []
    open()
    live.subscribe(() => seen.push(live.state.status))
    await until('expiring')
    expect(seen).not.toContain('signed-in')
  })

  it('remembers whose session has expired before the page was opened, until they are signed out', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options, expiresInSecs: 200 })
    await pass(300)
    open()
    await until('signed-out')
    await vi.waitFor(() => expect(live.state.account).toBe(ACCOUNT_A), SOON)
    expect(await live.signOut(options)).toBe(true)
    expect(live.state).toMatchObject({ status: 'signed-out', account: undefined })
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('leaves no timer behind', async () => {
    open()
    await live.signIn(options, asA())
    await pass(1)
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    stop()
    await pass(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
