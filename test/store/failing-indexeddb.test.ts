import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { indexedDBStore } from '../../src/store/indexeddb.js'
import { ethereumAuth } from '../../src/wallet/ethereum.js'
import { expectCode } from '../setup/expect-code.js'
import { clearOrigin, storedSessions } from '../setup/origin.js'
import { ACCOUNT_A, prompts, type TestWallet, testWallet } from '../setup/wallet.js'

// What browsers do to IndexedDB, done to the real one. In each case one can still sign in, and persistence tells.
const resources = ['https://api.example/notes/*']
// What is kept in memory stays there, for the other files of the lane too.
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

/** Replaces a property until the end of the test. */
function replace(target: object, name: string, descriptor: PropertyDescriptor): void {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, { ...descriptor, configurable: true })
  repairs.push(() =>
    before ? Object.defineProperty(target, name, before) : Reflect.deleteProperty(target, name),
  )
}

async function worksInMemory(): Promise<void> {
  const session = await DIDSession.get(ACCOUNT_A, auth(wallet), options)
  expect(session.persistence).toBe('memory')
  expect(await session.sign(new Uint8Array(1))).toHaveLength(64)
  expect((await DIDSession.get(ACCOUNT_A, auth(wallet), options)).keyDID).toBe(session.keyDID)
  expect((await DIDSession.load(undefined, PLACE))?.persistence).toBe('memory')
  expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, PLACE)).toBe(true)
  expect((await DIDSession.list(PLACE)).map(({ persistence }) => persistence)).toEqual(['memory'])
  expect(prompts(wallet)).toBe(1)
}

describe('where IndexedDB', () => {
  it('is absent', async () => {
    replace(globalThis, 'indexedDB', { value: undefined })
    expect(await DIDSession.explain(ACCOUNT_A, resources, PLACE)).toEqual({ status: 'store-unavailable' })
    await worksInMemory()
    await DIDSession.remove(ACCOUNT_A, PLACE)
    expect(await DIDSession.load(undefined, PLACE)).toBeUndefined()
  })

  it('throws when looked at', async () => {
    replace(globalThis, 'indexedDB', {
      get: () => {
        throw new DOMException('The operation is insecure.', 'SecurityError')
      },
    })
    await worksInMemory()
    await DIDSession.remove(ACCOUNT_A, PLACE)
  })

  it('refuses to open', async () => {
    replace(IDBFactory.prototype, 'open', {
      value: () => {
        throw new DOMException(
          'A mutation operation was attempted on a database that did not allow mutations.',
          'InvalidStateError',
        )
      },
    })
    // A new factory object, so that the connection which is open already does not serve.
    const real = indexedDB
    replace(globalThis, 'indexedDB', { value: Object.create(real) })
    await worksInMemory()
  })

  it('refuses keys', async () => {
    replace(IDBObjectStore.prototype, 'put', {
      value: () => {
        throw new DOMException('The object can not be cloned.', 'DataCloneError')
      },
    })
    await worksInMemory()
    expect(await storedSessions()).toEqual([])
  })

  it('refuses keys, but takes what comes before them', async () => {
    // As iOS does. What was put already is undone, and no rejection is left over: the runner would report it.
    const { put } = IDBObjectStore.prototype
    replace(IDBObjectStore.prototype, 'put', {
      value(this: IDBObjectStore, value: object, key: IDBValidKey) {
        if ('privateKey' in value) throw new DOMException('The object can not be cloned.', 'DataCloneError')
        return put.call(this, value, key)
      },
    })
    await worksInMemory()
    expect(await storedSessions()).toEqual([])
  })

  it('has no space left', async () => {
    replace(IDBObjectStore.prototype, 'put', {
      value(this: IDBObjectStore) {
        this.transaction.abort()
        throw new DOMException('Quota exceeded', 'QuotaExceededError')
      },
    })
    await worksInMemory()
  })

  it('gives back something else than was put', async () => {
    const { put } = IDBObjectStore.prototype
    replace(IDBObjectStore.prototype, 'put', {
      value(this: IDBObjectStore, value: object, key: IDBValidKey) {
        return put.call(this, 'privateKey' in value ? {} : value, key)
      },
    })
    await worksInMemory()
    expect(await storedSessions()).toEqual([])
  })

  it('loses its connection once', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), options)
    const { transaction } = IDBDatabase.prototype
    let failures = 0
    replace(IDBDatabase.prototype, 'transaction', {
      value(this: IDBDatabase, ...args: Parameters<typeof transaction>) {
        if (failures++ === 0)
          throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError')
        return transaction.apply(this, args)
      },
    })
    const again = await DIDSession.load(ACCOUNT_A, PLACE)
    expect(again?.keyDID).toBe(session.keyDID)
    expect(again?.persistence).toBe('indexeddb')
    expect(failures).toBeGreaterThan(1)
  })

  it('loses every connection', async () => {
    const { transaction } = IDBDatabase.prototype
    replace(IDBDatabase.prototype, 'transaction', {
      value(this: IDBDatabase, ...args: Parameters<typeof transaction>) {
        // The stand-in for Node makes transactions of its own while it opens a new database.
        if (this.objectStoreNames.length === 0) return transaction.apply(this, args)
        throw new DOMException('Connection to Indexed Database server lost.', 'UnknownError')
      },
    })
    await worksInMemory()
  })

  it('is deleted under an open connection', async () => {
    await DIDSession.get(ACCOUNT_A, auth(wallet), options)
    await clearOrigin()
    expect(await DIDSession.load(undefined, PLACE)).toBeUndefined()
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), options)).persistence).toBe('indexeddb')
  })

  it('hangs when opened: the wait has an end, and what opens late is used', async () => {
    // A connection that does not give way to a deletion holds back every later open.
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
    indexedDB.deleteDatabase('hanging')
  })
})

describe('the default store', () => {
  it('waits for a database that hangs, once and not for long, and then keeps the session in memory', async () => {
    const holder = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('cacao-session', 1)
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const deletion = indexedDB.deleteDatabase('cacao-session')
    const deleted = new Promise((resolve) => {
      deletion.onsuccess = resolve
    })
    expect(await DIDSession.explain(ACCOUNT_A, resources, PLACE)).toEqual({ status: 'store-unavailable' })
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), options)
    expect(session.persistence).toBe('memory')
    expect((await DIDSession.load(undefined, PLACE))?.keyDID).toBe(session.keyDID)
    // Nobody knows what the database holds, so nobody can promise that the account is signed out.
    await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.remove(ACCOUNT_A, PLACE))
    holder.close()
    await deleted
    // Once the database has opened after all, it serves again.
    const removed = (): Promise<boolean> =>
      DIDSession.remove(ACCOUNT_A, PLACE).then(
        () => true,
        () => false,
      )
    while (!(await removed())) await new Promise((resolve) => setTimeout(resolve, 10))
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), options)).persistence).toBe('indexeddb')
  })
})
