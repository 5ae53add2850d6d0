import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { later } from '../../src/session/client.js'
import { DIDSession } from '../../src/session/did-session.js'
import { listOptions, placeOptions, type SessionOptions } from '../../src/session-state/options.js'
import { SessionController, signInRequest } from '../../src/session-state/session-controller.js'
import type { SessionState } from '../../src/session-state/session-state.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { type TestWallet, testWallet } from '../../src/testing/index.js'
import { ethereumAccount, ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { failureOf } from '../setup/expect-code.js'
import { gatedStore } from '../setup/gated-store.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const SECOND = 1000
const REJECTION = { code: 4001, message: 'User rejected' }

let wallet: TestWallet
let options: SessionOptions
let controller: SessionController
let stop: () => void
let ends: number

const auth = (of: TestWallet = wallet) => ethereumAuth(of.provider, undefined, { domain: 'app.example' })
const asB = () => signInRequest(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })))
const asA = () => signInRequest(ACCOUNT_A, auth())

/** Resolves with the current state if it has this status, or else with the next state that has it. */
const until = (status: SessionState['status'], of: SessionController = controller): Promise<SessionState> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (of.state.status !== status) return
      leave()
      resolve(of.state)
    }
    const leave = of.subscribe(look)
    look()
  })

/** Waits longer than a sign-in takes. */
async function asLong(): Promise<void> {
  for (const namespace of ['one', 'another'])
    await DIDSession.get(ACCOUNT_A, auth(testWallet()), { resources, store: memoryStore(), namespace })
}

/** Creates a controller with a listener. */
function open(changes: Partial<SessionOptions> = {}): SessionController {
  controller = new SessionController({ ...options, ...changes }, () => ends++)
  stop = controller.subscribe(() => undefined)
  return controller
}

beforeEach(() => {
  wallet = testWallet()
  options = { resources, store: memoryStore() }
  ends = 0
})
afterEach(() => stop())

describe('a session controller', () => {
  it('loads, and becomes signed-out, or signed-in if there is a session', async () => {
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
    expect(controller.state).toBe(controller.state)
  })

  it('loads the session of the given account, not the session that was used last', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { ...options })
    open()
    expect((await until('signed-in')).account).toBe(ACCOUNT_B)
    stop()
    open({ account: ACCOUNT_A })
    expect((await until('signed-in')).account).toBe(ACCOUNT_A)
  })

  it('signs out while the chain that must check the session is down', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    const down = async () => {
      throw new SessionError('ERR_RPC_UNAVAILABLE', 'down')
    }
    const checked = { ...options, verifiers: { ...ethereumVerifiers(), eip191: down } }
    open(checked)
    expect(await until('error')).toMatchObject({ error: { code: 'ERR_RPC_UNAVAILABLE' } })
    expect(await controller.signOut(checked)).toBe(true)
    expect(await DIDSession.list({ ...placeOptions(options) })).toEqual([])
    expect(controller.state).toMatchObject({ status: 'signed-out', error: undefined })
  })

  describe('that can not load code after the site was updated', () => {
    const missing = () =>
      Promise.reject(new TypeError('Failed to fetch dynamically imported module: /tabs.js'))
    afterEach(() => vi.restoreAllMocks())

    it('sets ERR_ENVIRONMENT as its error instead of throwing', async () => {
      open()
      await until('signed-out')
      vi.spyOn(later, 'signingIn').mockImplementation(missing)
      expect(await controller.signIn(options, asA())).toBeUndefined()
      expect(controller.state).toMatchObject({ status: 'signed-out', error: { code: 'ERR_ENVIRONMENT' } })
      stop()
      vi.spyOn(later, 'helpers').mockImplementation(missing)
      open({ verifiers: ethereumVerifiers() })
      expect(await until('error')).toMatchObject({ error: { code: 'ERR_ENVIRONMENT' } })
      vi.restoreAllMocks()
      controller.retry()
      await until('signed-out')
    })

    it('loads again if the code can be loaded on the next try', async () => {
      await DIDSession.get(ACCOUNT_A, auth(), { ...options })
      vi.spyOn(later, 'helpers').mockImplementationOnce(missing)
      open({ verifiers: ethereumVerifiers() })
      expect((await until('signed-in')).account).toBe(ACCOUNT_A)
    })
  })

  it('signs in once for many calls, and resolves all with the same session', async () => {
    open()
    const calls = [controller.signIn(options, asA()), controller.signIn(options, asA())]
    expect(controller.state).toMatchObject({ status: 'signing-in', session: undefined })
    const [first, second] = await Promise.all(calls)
    expect(first?.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(second).toBe(first)
    expect(controller.state).toMatchObject({ status: 'signed-in', session: first, account: ACCOUNT_A })
    expect(wallet.prompts).toBe(1)
  })

  it('is signing-in while a function finds the wallet, and calls the function once', async () => {
    open()
    const find = async () => {
      const account = await ethereumAccount(wallet.provider)
      return { account, authMethod: auth() }
    }
    const both = [
      controller.signIn(options, signInRequest(find)),
      controller.signIn(options, signInRequest(find)),
    ]
    expect(controller.state.status).toBe('signing-in')
    expect((await both[0])?.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(await both[1]).toBe(await both[0])
    expect(wallet.calls.filter((method) => method === 'eth_requestAccounts')).toHaveLength(1)
    expect(wallet.prompts).toBe(1)
  })

  it.each<[string, () => unknown, string]>([
    ['is rejected', () => Promise.reject(REJECTION), 'ERR_AUTH_REJECTED'],
    ['finds no wallet', () => ethereumAccount(undefined as never), 'ERR_WALLET_NOT_FOUND'],
  ])('restores the previous state when the wallet function %s', async (_, find, code) => {
    open()
    await until('signed-out')
    expect(await controller.signIn(options, signInRequest(find as never))).toBeUndefined()
    expect(controller.state).toMatchObject({ status: 'signed-out', error: { code } })
    expect(controller.state.error).toBeInstanceOf(SessionError)
  })

  it('restores the previous state when the person rejects, with the error until the next try', async () => {
    open()
    wallet.behaviour = { throws: REJECTION }
    expect(await controller.signIn(options, asA())).toBeUndefined()
    expect(controller.state).toMatchObject({ status: 'signed-out', error: { code: 'ERR_AUTH_REJECTED' } })
    wallet.behaviour = 'approves'
    const again = controller.signIn(options, asA())
    expect(controller.state.error).toBeUndefined()
    expect(await again).toBeDefined()
    const other = testWallet({ privateKey: KEY_B })
    other.behaviour = { throws: REJECTION }
    const before = controller.state.session
    const switching = controller.signIn(options, signInRequest(ACCOUNT_B, auth(other)))
    expect(controller.state).toMatchObject({ status: 'signing-in', session: before })
    await switching
    expect(controller.state).toMatchObject({
      status: 'signed-in',
      session: before,
      error: { code: 'ERR_AUTH_REJECTED' },
    })
  })

  it('replaces a sign-in that hangs with the sign-in of another account', async () => {
    open()
    wallet.behaviour = 'hangs'
    const hanging = controller.signIn(options, asA())
    const session = await controller.signIn(options, asB())
    expect(await hanging).toBeUndefined()
    expect(controller.state).toMatchObject({
      status: 'signed-in',
      session,
      account: ACCOUNT_B,
      error: undefined,
    })
  })

  it.each<[string, (controller: AbortController) => unknown]>([
    ['the caller', (controller) => controller.abort()],
    ['signing out', () => controller.signOut(options)],
  ])('stops waiting for a wallet that hangs when aborted by %s', async (_, give) => {
    open()
    await until('signed-out')
    wallet.behaviour = 'hangs'
    const aborter = new AbortController()
    const request = signInRequest(ACCOUNT_A, auth(), { signal: aborter.signal })
    const signingIn = controller.signIn(options, request)
    await give(aborter)
    expect(await signingIn).toBeUndefined()
    expect(controller.state).toMatchObject({ status: 'signed-out', error: undefined })
    wallet.behaviour = 'approves'
    expect(await controller.signIn(options, asA())).toBeDefined()
  })

  it('continues a shared sign-in until the last caller has aborted', async () => {
    open()
    await until('signed-out')
    const aborters = [new AbortController(), new AbortController()] as const
    const begin = () =>
      aborters.map(({ signal }) => controller.signIn(options, signInRequest(ACCOUNT_A, auth(), { signal })))
    wallet.behaviour = 'hangs'
    const [first, second] = begin()
    aborters[1].abort()
    expect(await second).toBeUndefined()
    expect(controller.state.status).toBe('signing-in')
    aborters[0].abort()
    expect(await first).toBeUndefined()
    expect(controller.state).toMatchObject({ status: 'signed-out', error: undefined })
    // A call with an aborted signal prompts no wallet, and does not end a sign-in for which other callers wait.
    wallet.behaviour = 'approves'
    const signingIn = controller.signIn(options, asA())
    expect(await Promise.all(begin())).toEqual([undefined, undefined])
    const session = await signingIn
    expect(session).toBeDefined()
    expect(controller.state).toMatchObject({ status: 'signed-in', session })
  })

  it.each<[string, unknown[]]>([
    ['an invalid account', ['alice', () => undefined]],
    ['a click', [{ type: 'click' }]],
    ['no auth method', [ACCOUNT_A]],
    ['a function that returns nothing', [() => undefined]],
    ['an invalid lifetime', [ACCOUNT_A, () => undefined, { expiresInSecs: -1 }]],
  ])('rejects with a TypeError for %s, and keeps its state', async (_, args) => {
    open()
    await until('signed-out')
    const signIn = async () =>
      controller.signIn(options, signInRequest(...(args as Parameters<typeof signInRequest>)))
    expect(await failureOf(signIn)).toBeInstanceOf(TypeError)
    expect(controller.state).toMatchObject({ status: 'signed-out', error: undefined })
  })

  it('refuses a signal that is not an AbortSignal, without a prompt', async () => {
    open()
    const find = vi.fn(async () => ({ account: ACCOUNT_A, authMethod: auth() }))
    const signIn = async (signal: unknown) =>
      controller.signIn(options, signInRequest(find, { signal } as { signal: AbortSignal }))
    expect(await failureOf(() => signIn({}))).toMatchObject({ message: 'signal must be an AbortSignal' })
    expect(find).not.toHaveBeenCalled()
    expect(await signIn(undefined)).toBeDefined()
  })

  it('signs out on the device, and removes all sessions of the account', async () => {
    open()
    const session = await controller.signIn(options, asA())
    expect(await controller.signOut(options)).toBe(true)
    expect(controller.state).toMatchObject({ status: 'signed-out', account: undefined })
    expect(session?.isAuthorized()).toBe(false)
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('also removes a session that is still being stored, and the account that was signed in before', async () => {
    const gate = gatedStore()
    const changed = { ...options, store: gate.store }
    open(changed)
    for (const begin of [() => controller.signIn(changed, asB()), () => controller.renew(changed, auth())]) {
      await controller.signIn(changed, asA())
      const waits = gate.close()
      const beginning = begin()
      await waits
      const signingOut = controller.signOut(changed)
      gate.open()
      expect(await beginning).toBeDefined()
      expect(await signingOut).toBe(true)
      expect(controller.state).toMatchObject({ status: 'signed-out', account: undefined, error: undefined })
      expect(await DIDSession.list(listOptions(changed))).toEqual([])
    }
  })

  it('signs in after signing out, even if both were called at the same time', async () => {
    open()
    await until('signed-out')
    wallet.behaviour = 'hangs'
    const givenUp = controller.signIn(options, asA())
    await wallet.prompted()
    const signingOut = controller.signOut(options)
    const again = controller.signIn(options, asA())
    wallet.behaviour = 'approves'
    expect(await givenUp).toBeUndefined()
    expect(await signingOut).toBe(true)
    const session = await again
    expect(controller.state).toMatchObject({ status: 'signed-in', session })
    expect(wallet.prompts).toBe(2)
  })

  it.each([
    ['a session that is being stored', ACCOUNT_A, asA],
    ['another account', ACCOUNT_B, asB],
  ])('signs in after a slow sign-out that waits for %s', async (_, account, request) => {
    const gate = gatedStore()
    const changed = { ...options, store: gate.store }
    open(changed)
    const waits = gate.close()
    const first = controller.signIn(changed, asA())
    await waits
    const signingOut = controller.signOut(changed)
    const second = controller.signIn(changed, request())
    await asLong()
    gate.open()
    await first
    expect(await signingOut).toBe(true)
    const session = await second
    expect(controller.state).toMatchObject({ status: 'signed-in', session, account })
    expect(await session?.sign(new Uint8Array(1))).toHaveLength(64)
    expect((await DIDSession.list(listOptions(changed))).map((stored) => stored.account)).toEqual([account])
  })

  it('ends with the account chosen last, even while the previous account’s session is being stored', async () => {
    const gate = gatedStore()
    const changed = { ...options, store: gate.store }
    open(changed)
    const waits = gate.close()
    const first = controller.signIn(changed, asA())
    await waits
    const second = controller.signIn(changed, asB())
    await asLong()
    gate.open()
    expect((await first)?.id).toContain(ACCOUNT_A)
    const session = await second
    expect(controller.state).toMatchObject({ status: 'signed-in', session, account: ACCOUNT_B })
    expect((await DIDSession.load(undefined, changed))?.keyDID).toBe(session?.keyDID)
  })

  it('signs out even before it has loaded', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    open()
    expect(await controller.signOut(options)).toBe(true)
    expect(controller.state.status).toBe('signed-out')
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('renews once for many calls, while the old session still works', async () => {
    open()
    const session = await controller.signIn(options, asA())
    const renewals = [controller.renew(options, auth()), controller.renew(options, auth())]
    expect(controller.state).toMatchObject({ status: 'signed-in', session, isRenewing: true })
    const [first, second] = await Promise.all(renewals)
    expect(first?.keyDID).not.toBe(session?.keyDID)
    expect(second).toBe(first)
    expect(controller.state).toMatchObject({ status: 'signed-in', session: first, isRenewing: false })
    expect(wallet.prompts).toBe(2)
  })

  it('keeps the session when the person rejects the renewal, and sets the error', async () => {
    open()
    const session = await controller.signIn(options, asA())
    wallet.behaviour = { throws: REJECTION }
    expect(await controller.renew(options, auth())).toBeUndefined()
    const error = { code: 'ERR_AUTH_REJECTED' }
    expect(controller.state).toMatchObject({ status: 'signed-in', session, error, isRenewing: false })
  })

  it('sets an error if there is no session to renew', async () => {
    open()
    await until('signed-out')
    expect(await controller.renew(options, auth())).toBeUndefined()
    expect(controller.state).toMatchObject({ status: 'signed-out', error: { code: 'ERR_SESSION_REMOVED' } })
  })

  it('follows a sign-in, a renewal and a sign-out in another tab', async () => {
    open()
    await until('signed-out')
    const session = await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    expect((await until('signed-in')).session?.keyDID).toBe(session.keyDID)
    const renewed = await session.renew(auth())
    await vi.waitFor(() => expect(controller.state.session?.keyDID).toBe(renewed.keyDID), SOON)
    await DIDSession.remove(ACCOUNT_A, placeOptions(options))
    expect(await until('signed-out')).toMatchObject({ account: undefined })
  })

  it('finds a sign-in that happened before it listened', async () => {
    const store = memoryStore()
    let isFirst = true
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    // The store answers the first reads without the session, as it was a moment ago.
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

  it('has the status error until the store can be read', async () => {
    const store = memoryStore()
    let isDown = true
    const read: typeof store.read = async (...args) => {
      if (isDown) throw new Error('down')
      return store.read(...args)
    }
    open({ store: { ...store, read } })
    const error = { code: 'ERR_STORE_UNAVAILABLE' }
    expect(await until('error')).toMatchObject({ session: undefined, error })
    expect(await controller.signOut({ ...options, store: { ...store, read } })).toBe(false)
    controller.retry()
    expect(controller.state.status).toBe('loading')
    await until('error')
    isDown = false
    controller.retry()
    expect(await until('signed-out')).toMatchObject({ error: undefined })
  })

  it('throws a TypeError for a wrong option that only loading can detect', async () => {
    open({ resources: [], abilities: { 'no uri': { 'notes/read': [{}] } } })
    await vi.waitFor(() => expect(() => controller.state).toThrow(TypeError), SOON)
  })
})

describe('a controller without listeners', () => {
  it('stops, and receives no more changes', async () => {
    open()
    await until('signed-out')
    stop()
    await vi.waitFor(() => expect(ends).toBe(1), SOON)
    await DIDSession.get(ACCOUNT_A, auth(), { ...options })
    expect(controller.state.status).toBe('signed-out')
  })

  it('stops once its last action has finished', async () => {
    stop = () => undefined
    controller = new SessionController(options, () => ends++)
    expect(await controller.signIn(options, asA())).toBeDefined()
    expect(ends).toBe(1)
    expect(await new SessionController(options, () => ends++).signOut(options)).toBe(true)
    expect(ends).toBe(2)
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('loads once for a component that unsubscribes and subscribes again within one task', async () => {
    const load = vi.spyOn(DIDSession, 'load')
    open()
    stop()
    stop = controller.subscribe(() => undefined)
    await until('signed-out')
    expect([ends, load.mock.calls.length]).toEqual([0, 1])
    load.mockRestore()
  })

  it('keeps its state while a prompt is pending, for a component that mounts again', async () => {
    open()
    let sign = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      sign = resolve
    })
    const authMethod: ReturnType<typeof auth> = async (opts) => {
      await asked
      return auth()(opts)
    }
    const signingIn = controller.signIn(options, signInRequest(ACCOUNT_A, authMethod))
    stop()
    await Promise.resolve()
    expect(ends).toBe(0)
    stop = controller.subscribe(() => undefined)
    expect(controller.state.status).toBe('signing-in')
    sign()
    expect(await signingIn).toBeDefined()
    expect(controller.state.status).toBe('signed-in')
    expect(wallet.prompts).toBe(1)
  })
})

describe('the expiry of a session in a controller', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    stop()
    vi.useRealTimers()
  })

  const pass = async (secs: number): Promise<void> => {
    // The code that emits events is loaded on demand.
    await import('../../src/tabs/index.js')
    await Promise.resolve()
    vi.advanceTimersByTime(secs * SECOND)
    await vi.advanceTimersByTimeAsync(0)
  }

  it('makes the status expiring leadSecs before it, then signed-out, with the account', async () => {
    open({ leadSecs: 600 })
    const session = await controller.signIn({ ...options, expiresInSecs: 3600 }, asA())
    await pass(2999)
    expect(controller.state.status).toBe('signed-in')
    await pass(1)
    expect(controller.state).toMatchObject({ status: 'expiring', session })
    await pass(599)
    expect(controller.state.status).toBe('expiring')
    await pass(1)
    expect(controller.state).toMatchObject({ status: 'signed-out', account: ACCOUNT_A, error: undefined })
    expect(await controller.renew(options, auth())).toBeDefined()
    expect(controller.state).toMatchObject({ status: 'signed-in', account: ACCOUNT_A })
  })

  it('makes the status expiring from the start, if it is less than leadSecs away', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options, expiresInSecs: 200 })
    const seen: string[] = []
    open()
    controller.subscribe(() => seen.push(controller.state.status))
    await until('expiring')
    expect(seen).not.toContain('signed-in')
  })

  it('leaves the account of a session that expired before the page was opened, until it is signed out', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { ...options, expiresInSecs: 200 })
    await pass(300)
    open()
    await until('signed-out')
    await vi.waitFor(() => expect(controller.state.account).toBe(ACCOUNT_A), SOON)
    expect(await controller.signOut(options)).toBe(true)
    expect(controller.state).toMatchObject({ status: 'signed-out', account: undefined })
    expect(await DIDSession.list(listOptions(options))).toEqual([])
  })

  it('leaves no timer running', async () => {
    open()
    await controller.signIn(options, asA())
    await pass(1)
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    stop()
    await pass(1)
    expect(vi.getTimerCount()).toBe(0)
  })
})
