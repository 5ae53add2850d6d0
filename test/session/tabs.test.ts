import { openDB } from 'idb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isBrowser } from '../../src/base/environment.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import type { SessionChange } from '../../src/tabs/session-watch.js'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { clearOrigin, plantSession, storedSessions } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

// Another tab is simulated by its effects: it writes into the database, and sends a message on the channel. Real tabs are
// tested in test/e2e.
const resources = ['https://api.example/notes/*']
const scope = 'indexeddb\ndefault'

let wallet: TestWallet
let other: BroadcastChannel
const auth = (of: TestWallet = wallet) => ethereumAuth(of.provider, undefined, { domain: 'app.example' })

/** Removes a session without the library. */
async function removeElsewhere(account: string, keyDID: string): Promise<void> {
  const database = await openDB('cacao-session')
  for (const store of ['sessions', 'keys']) await database.delete(store, ['default', account, keyDID])
  await database.put('last', { at: Date.now() }, 'default')
  database.close()
}

/** Resolves once so many events were heard. */
const heard = async <T>(list: T[], length: number): Promise<T[]> =>
  vi.waitFor(() => (list.length >= length ? list : expect.fail('not yet')), SOON)

beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
  other = new BroadcastChannel('cacao-session')
})
afterEach(() => other.close())

describe('another tab', () => {
  it('that signs out ends the session here', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const events: string[] = []
    session.on('removed', ({ type }) => events.push(type))
    await removeElsewhere(ACCOUNT_A, session.keyDID)
    other.postMessage({ scope, removed: [session.keyDID] })
    await heard(events, 1)
    await expectCode('ERR_SESSION_REMOVED', () => session.sign(new Uint8Array(1)))
  })

  it('that signs out ends the session here, even without a listener', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await removeElsewhere(ACCOUNT_A, session.keyDID)
    other.postMessage({ scope })
    await vi.waitFor(() => expect(session.isAuthorized()).toBe(false), SOON)
  })

  it.each([
    ['of another namespace', { scope: 'indexeddb\nadmin', removed: [] }],
    ['without a scope', { removed: [] }],
    ['that is no object', 'cacao-session'],
    ['that is null', null],
  ])('ends no session by a message %s', async (_, message) => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    other.postMessage(message)
    other.postMessage({ scope, removed: 7 })
    const changes: SessionChange[] = []
    const stop = DIDSession.onChange((change) => changes.push(change))
    await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources })
    await heard(changes, 1)
    stop()
    expect(changes.map(({ account }) => account)).toEqual([ACCOUNT_B])
    expect(session.isAuthorized()).toBe(true)
  })

  // Browsers believe it, because the database may be lost. See sign-out.test.ts.
  it.skipIf(isBrowser())(
    'ends no session by a removal message for a stored session outside of browsers',
    async () => {
      const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
      const changes: SessionChange[] = []
      const stop = DIDSession.onChange((change) => changes.push(change))
      other.postMessage({ scope, removed: [session.keyDID] })
      await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources })
      await heard(changes, 1)
      stop()
      expect(session.isAuthorized()).toBe(true)
    },
  )

  it('that renews makes the session here emit renewed with the new session', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const successors: string[] = []
    session.on('renewed', ({ session: { keyDID } }) => successors.push(keyDID))
    session.on('removed', () => expect.fail('it was not removed'))
    const [mine] = await storedSessions()
    // A new sign-in elsewhere: the same account and resources, a newer capability.
    const elsewhere = await DIDSession.get(ACCOUNT_A, auth(), { resources, namespace: 'elsewhere' })
    const database = await openDB('cacao-session')
    const { cacao, keyDID } = elsewhere
    const pair = await database.get('keys', ['elsewhere', ACCOUNT_A, keyDID])
    database.close()
    await plantSession({ account: ACCOUNT_A, keyDID }, { account: ACCOUNT_A, keyDID, cacao }, pair)
    await removeElsewhere(ACCOUNT_A, mine?.keyDID ?? '')
    other.postMessage({ scope })
    expect(await heard(successors, 1)).toEqual([keyDID])
  })

  it('is notified of sign-ins and sign-outs here', async () => {
    const notices: unknown[] = []
    // In Node, the threads of other test files use the same channel.
    other.onmessage = ({ data }) => data.scope === scope && notices.push(data)
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await heard(notices, 1)
    expect(notices[0]).toEqual({ scope, removed: [] })
    await session.remove()
    const removal = { scope, removed: [session.keyDID] }
    await vi.waitFor(() => expect(notices).toContainEqual(removal), SOON)
  })
})

describe('a sign-in while the store is being read for an earlier change', () => {
  it('does not end the session that is renewed meanwhile', async () => {
    const inner = memoryStore()
    let wait = async (): Promise<void> => undefined
    // The records are those of the time when the read began, as in a transaction.
    const read: SessionStore['read'] = async (namespace, account) => {
      const records = await inner.read(namespace, account)
      if (account === undefined) await wait()
      return records
    }
    const options = { resources, store: { ...inner, read } }
    const session = await DIDSession.get(ACCOUNT_A, auth(), options)
    const events: string[] = []
    const next = new Promise<DIDSession>((resolve) => {
      session.on('renewed', (event) => {
        event.session.on('removed', () => events.push('removed'))
        resolve(event.session)
      })
    })
    await import('../../src/tabs/index.js')
    let release = (): void => undefined
    const isReading = new Promise<void>((began) => {
      wait = () => {
        began()
        return new Promise((resolve) => {
          release = resolve
        })
      }
    })
    const signingIn = DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), options)
    await isReading
    const renewing = session.renew(auth())
    const renewed = await next
    // The session that the listener got is watched a moment later.
    await new Promise((resolve) => setTimeout(resolve))
    wait = async () => undefined
    release()
    await Promise.all([signingIn, renewing])
    expect([renewed.isAuthorized(), events]).toEqual([true, []])
    await renewed.remove()
    await heard(events, 1)
    expect(renewed.isAuthorized()).toBe(false)
  })
})

describe('DIDSession.onChange', () => {
  it('emits changes for signing in, renewing and signing out', async () => {
    const changes: SessionChange[] = []
    const stop = DIDSession.onChange((change) => changes.push(change))
    await import('../../src/tabs/index.js')
    // By then, the listener has read what is already stored.
    await DIDSession.load()
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await heard(changes, 1)
    const renewed = await session.renew(auth())
    await heard(changes, 2)
    await renewed.remove()
    await heard(changes, 3)
    stop()
    expect(changes).toEqual([
      { type: 'signed-in', account: ACCOUNT_A, keyDID: session.keyDID },
      { type: 'renewed', account: ACCOUNT_A, keyDID: renewed.keyDID },
      { type: 'removed', account: ACCOUNT_A, keyDID: renewed.keyDID },
    ])
  })

  it('emits no changes of other namespaces, nor after it was stopped', async () => {
    const fail = (): never => expect.fail('heard')
    const controller = new AbortController()
    const endAdmin = DIDSession.onChange(fail, { namespace: 'admin' })
    DIDSession.onChange(fail, { signal: controller.signal })
    DIDSession.onChange(fail, { signal: AbortSignal.abort() })
    const stop = DIDSession.onChange(fail)
    await import('../../src/tabs/index.js')
    stop()
    controller.abort()
    const changes: SessionChange[] = []
    const end = DIDSession.onChange((change) => changes.push(change))
    await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await heard(changes, 1)
    end()
    // The files of a lane share one page, in which the next one signs in.
    endAdmin()
  })

  it('throws a TypeError if the listener is no function', () => {
    expect(() => DIDSession.onChange(undefined as never)).toThrow(TypeError)
  })
})
