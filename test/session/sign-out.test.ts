import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isBrowser } from '../../src/base/environment.js'
import { DIDSession } from '../../src/session/did-session.js'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'
import type { SessionStore } from '../../src/store/store.js'
import type { SessionChange } from '../../src/tabs/session-watch.js'
import {
  evictIndexedDB,
  failingIndexedDB,
  type IndexedDBFailure,
} from '../../src/testing/failing-indexeddb.js'
import { failingStore } from '../../src/testing/failing-store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { clearOrigin } from '../setup/origin.js'
import { shortWaits } from '../setup/short-waits.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const authB = ethereumAuth(KEY_B, undefined, { domain: 'app.example' })
const resources = ['https://api.example/notes/*']

const isEnded = async (session: DIDSession): Promise<void> => {
  expect(session.isAuthorized()).toBe(false)
  await expectCode('ERR_SESSION_REMOVED', () => session.sign(new Uint8Array(1)))
}

/** The ways to sign out: this session, or all sessions of the account. */
const ways: readonly (readonly [
  string,
  (session: DIDSession, options: { store?: SessionStore }) => Promise<void>,
])[] = [
  ['session.remove()', (session) => session.remove()],
  ['DIDSession.remove(account)', (_, options) => DIDSession.remove(ACCOUNT_A, options)],
]

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

let repair: () => void = () => undefined
beforeEach(clearOrigin)
afterEach(() => repair())

describe.each(ways)('%s', (_, signOut) => {
  it.each<IndexedDBFailure>(['absent', 'forbidden', 'refuses', 'hangs', 'connection-lost'])(
    'ends the sessions of this page while IndexedDB fails: %s',
    async (failure) => {
      // A separate store, whose connection is lost with it.
      const store = indexedDBStore({ openTimeoutMs: 60_000 })
      const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
      const again = await DIDSession.load(ACCOUNT_A, { store })
      const events: string[] = []
      session.on('removed', ({ type }) => events.push(type))
      const changes: SessionChange[] = []
      const stop = DIDSession.onChange((change) => changes.push(change), { store })
      repair = failingIndexedDB(failure)
      const waits = shortWaits(failure === 'hangs' ? 60_000 : Number.NaN)
      const outcome = codeOf(signOut(session, { store }))
      // Before the store has answered.
      await vi.waitFor(() => expect(session.isAuthorized()).toBe(false), { ...SOON, interval: 1 })
      // The store may still have the session, and the error says so at each attempt.
      expect(await outcome).toBe('ERR_STORE_UNAVAILABLE')
      expect(await codeOf(signOut(session, { store }))).toBe('ERR_STORE_UNAVAILABLE')
      await isEnded(session)
      await isEnded(again as DIDSession)
      expect(events).toEqual(['removed'])
      expect(changes.map(({ type, keyDID }) => [type, keyDID])).toEqual([['removed', session.keyDID]])
      stop()
      waits.stop()
      repair()
      // In this page the session stays signed out, even if it is still stored.
      expect(await DIDSession.load(ACCOUNT_A, { store })).toBeUndefined()
      await signOut(session, { store })
      expect(await DIDSession.list({ store })).toEqual([])
    },
  )

  it('warns that the default store may still have the session, unless it was only in memory', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth, { resources })
    repair = failingIndexedDB('refuses')
    const error = await expectCode('ERR_STORE_UNAVAILABLE', () => signOut(session, {}))
    expect(error.message).toContain('may still have')
    await isEnded(session)
    const inMemory = await DIDSession.get(ACCOUNT_B, authB, { resources })
    expect(inMemory.persistence).toBe('memory')
    await inMemory.remove()
    await isEnded(inMemory)
  })

  it('ends the sessions of this page after their database was deleted', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth, { resources })
    await evictIndexedDB()
    await signOut(session, {})
    await isEnded(session)
    expect((await DIDSession.explain(ACCOUNT_A)).status).toBe('none')
  })

  it('ends the sessions of this page when the store fails or never answers', async () => {
    const store = failingStore()
    const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
    store.behaviour = 'unavailable'
    await expectCode('ERR_STORE_UNAVAILABLE', () => signOut(session, { store }))
    await isEnded(session)
    store.behaviour = 'works'
    const next = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
    expect(next.keyDID).not.toBe(session.keyDID)
    store.behaviour = 'hangs'
    const signingOut = signOut(next, { store })
    await vi.waitFor(() => isEnded(next), { ...SOON, interval: 1 })
    store.behaviour = 'works'
    await signingOut
    expect(await DIDSession.load(ACCOUNT_A, { store })).toBeUndefined()
  })

  it('leaves other accounts and namespaces signed in', async () => {
    const [a, b, admin] = await Promise.all([
      DIDSession.get(ACCOUNT_A, auth, { resources }),
      DIDSession.get(ACCOUNT_B, authB, { resources }),
      DIDSession.get(ACCOUNT_A, auth, { resources, namespace: 'admin' }),
    ])
    await signOut(a, {})
    await isEnded(a)
    expect([b.isAuthorized(), admin.isAuthorized()]).toEqual([true, true])
  })
})

it('a session without a store ends as well', async () => {
  const session = await DIDSession.authorize(auth, { resources })
  const removed = new Promise((resolve) => session.on('removed', resolve))
  await import('../../src/tabs/index.js')
  await session.remove()
  await removed
  await isEnded(session)
})

// Node is not one person's browser, so messages of other threads are not believed. Real tabs are tested in test/tabs.
describe.runIf(isBrowser())('a sign-out message from another tab while the database fails', () => {
  const scope = 'indexeddb\ndefault'
  let other: BroadcastChannel
  beforeEach(() => {
    other = new BroadcastChannel('cacao-session')
  })
  afterEach(() => other.close())
  const both = async (): Promise<[a: DIDSession, b: DIDSession]> => [
    await DIDSession.get(ACCOUNT_A, auth, { resources }),
    await DIDSession.get(ACCOUNT_B, authB, { resources }),
  ]

  /**
   * Sends these messages, in this order, until the session has ended: a session starts to listen only a moment after it was
   * loaded.
   */
  const heard = (session: DIDSession, ...said: object[]): Promise<void> =>
    vi.waitFor(
      () => {
        for (const message of said) other.postMessage(message)
        return isEnded(session)
      },
      { ...SOON, interval: 20 },
    )

  it('for a key ends its session, though the key is still stored', async () => {
    const [a, b] = await both()
    await heard(a, { scope, removed: [a.keyDID] })
    expect(b.isAuthorized()).toBe(true)
  })

  it('for a key ends its session, even while it is being loaded', async () => {
    const { keyDID } = await DIDSession.get(ACCOUNT_A, auth, { resources })
    const loading = DIDSession.load(ACCOUNT_A)
    other.postMessage({ scope, removed: [keyDID] })
    const session = await loading
    await vi.waitFor(() => expect(session?.isAuthorized() ?? false).toBe(false), SOON)
  })

  it('for an account ends its sessions that the other tab did not know', async () => {
    const [a, b] = await both()
    await heard(a, {
      scope,
      removed: [],
      signedOut: { account: ACCOUNT_A, anyChain: false, database: 'cacao-session' },
    })
    expect(b.isAuthorized()).toBe(true)
  })

  it.each([
    ['another namespace', { scope: 'indexeddb\nadmin' }],
    ['another database', { signedOut: { account: ACCOUNT_A, anyChain: false, database: 'other' } }],
    [
      'another chain',
      {
        signedOut: { account: ACCOUNT_A.replace(':1:', ':10:'), anyChain: false, database: 'cacao-session' },
      },
    ],
    ['no account', { signedOut: { anyChain: true, database: 'cacao-session' } }],
  ])('for %s ends no session', async (_, changes) => {
    const [a, b] = await both()
    const signedOut = { account: ACCOUNT_A, anyChain: false, database: 'cacao-session' }
    await heard(b, { scope, removed: [], signedOut, ...changes }, { scope, removed: [b.keyDID] })
    expect(a.isAuthorized()).toBe(true)
  })
})
