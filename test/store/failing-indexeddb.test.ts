import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'
import { evictIndexedDB, failingIndexedDB } from '../../src/testing/failing-indexeddb.js'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import { replace } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { clearOrigin, storedSessions } from '../setup/origin.js'
import { shortWaits } from '../setup/short-waits.js'
import { ACCOUNT_A } from '../setup/wallet.js'

// Simulates failures of browsers on the real IndexedDB. In each case a person can still sign in, and `persistence` says `memory`.
const resources = ['https://api.example/notes/*']
// Sessions in memory would otherwise stay there for the other test files of the lane.
const PLACE = { namespace: 'failing' }
const options = { resources, ...PLACE }
const auth = (wallet: TestWallet) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

let wallet: TestWallet
let repairs: (() => void)[] = []
beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
})
afterEach(async () => {
  for (const repair of repairs.reverse()) repair()
  repairs = []
  await DIDSession.remove(ACCOUNT_A, PLACE)
})

/** Makes IndexedDB fail until the end of the test. */
function fail(...args: Parameters<typeof failingIndexedDB>): void {
  repairs.push(failingIndexedDB(...args))
}

async function worksInMemory(): Promise<void> {
  const session = await DIDSession.get(ACCOUNT_A, auth(wallet), options)
  expect(session.persistence).toBe('memory')
  expect(await session.sign(new Uint8Array(1))).toHaveLength(64)
  expect((await DIDSession.get(ACCOUNT_A, auth(wallet), options)).keyDID).toBe(session.keyDID)
  expect((await DIDSession.load(undefined, PLACE))?.persistence).toBe('memory')
  expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, PLACE)).toBe(true)
  expect((await DIDSession.list(PLACE)).map(({ persistence }) => persistence)).toEqual(['memory'])
  expect(wallet.prompts).toBe(1)
}

describe('sessions work, or are kept in memory, where IndexedDB', () => {
  it('is absent', async () => {
    fail('absent')
    expect(await DIDSession.explain(ACCOUNT_A, resources, PLACE)).toEqual({ status: 'store-unavailable' })
    await worksInMemory()
    await DIDSession.remove(ACCOUNT_A, PLACE)
    expect(await DIDSession.load(undefined, PLACE)).toBeUndefined()
  })

  it('throws when it is accessed', async () => {
    fail('forbidden')
    await worksInMemory()
    await DIDSession.remove(ACCOUNT_A, PLACE)
  })

  it('refuses to open', async () => {
    fail('refuses')
    await worksInMemory()
  })

  it('refuses to store keys', async () => {
    const value = (): never => {
      throw new DOMException('The object can not be cloned.', 'DataCloneError')
    }
    repairs.push(replace(IDBObjectStore.prototype, 'put', { value }))
    await worksInMemory()
    expect(await storedSessions()).toEqual([])
  })

  it('refuses to store keys after it has stored other records', async () => {
    // As iOS does. Earlier writes are undone, and no rejection is left unhandled: the runner would report it.
    fail('data-clone-error')
    await worksInMemory()
    expect(await storedSessions()).toEqual([])
  })

  it('has no space left', async () => {
    fail('full')
    await worksInMemory()
  })

  it('returns other values than were written', async () => {
    fail('keys-lost')
    await worksInMemory()
    expect(await storedSessions()).toEqual([])
  })

  it('loses its connection once', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), options)
    fail('connection-lost', { times: 1 })
    const failed = vi.spyOn(IDBDatabase.prototype, 'transaction')
    const again = await DIDSession.load(ACCOUNT_A, PLACE)
    expect(again?.keyDID).toBe(session.keyDID)
    expect(again?.persistence).toBe('indexeddb')
    const [first, ...more] = failed.mock.results.map(({ type }) => type)
    expect([first, more.at(-1)]).toEqual(['throw', 'return'])
    failed.mockRestore()
  })

  it('loses every connection', async () => {
    fail('connection-lost')
    await worksInMemory()
  })

  it('is deleted under an open connection', async () => {
    await DIDSession.get(ACCOUNT_A, auth(wallet), options)
    await evictIndexedDB()
    expect(await DIDSession.load(undefined, PLACE)).toBeUndefined()
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), options)).persistence).toBe('indexeddb')
  })

  it('hangs when opened: the wait is limited, and a late connection is used', async () => {
    // A connection that stays open during a deletion blocks every later open.
    const store = indexedDBStore({ name: 'hanging', openTimeoutMs: 50 })
    const holder = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('hanging', 1)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const deletion = indexedDB.deleteDatabase('hanging')
    const deleted = new Promise((resolve) => {
      deletion.onsuccess = resolve
    })
    const error = await expectCode('ERR_STORE_UNAVAILABLE', () => store.read('default'))
    expect(error.cause).toBeUndefined()
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      store.write('default', { remove: [{ account: ACCOUNT_A }] }),
    )
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      DIDSession.get(ACCOUNT_A, auth(wallet), { ...options, store }),
    )
    holder.close()
    await deleted
    let contents: unknown
    while (!contents)
      contents = await store.read('default').catch(() => new Promise((resolve) => setTimeout(resolve, 10)))
    expect(contents).toEqual([])
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { ...options, store })
    expect(session.persistence).toBe('indexeddb')
    await new Promise((resolve) => {
      indexedDB.deleteDatabase('hanging').onsuccess = resolve
    })
  })
})

describe('the default store', () => {
  it('waits once and briefly for a database that hangs, and then keeps the session in memory', async () => {
    const holder = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('cacao-session', 1)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const deletion = indexedDB.deleteDatabase('cacao-session')
    const deleted = new Promise((resolve) => {
      deletion.onsuccess = resolve
    })
    const waits = shortWaits(2000)
    expect(await DIDSession.explain(ACCOUNT_A, resources, PLACE)).toEqual({ status: 'store-unavailable' })
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), options)
    // The database is opened twice, and never again.
    expect(waits.count).toBe(2)
    waits.stop()
    expect(session.persistence).toBe('memory')
    expect((await DIDSession.load(undefined, PLACE))?.keyDID).toBe(session.keyDID)
    // The database may contain sessions, so it is not certain that the account is signed out.
    await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.remove(ACCOUNT_A, PLACE))
    holder.close()
    await deleted
    // As soon as the database has opened, it is used again.
    const removed = (): Promise<boolean> =>
      DIDSession.remove(ACCOUNT_A, PLACE).then(
        () => true,
        () => false,
      )
    while (!(await removed())) await new Promise((resolve) => setTimeout(resolve, 10))
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), options)).persistence).toBe('indexeddb')
  })
})
