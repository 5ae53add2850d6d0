import { openDB } from 'idb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/index.js'
import { indexedDBStore, stringStore } from '../../src/stores.js'
import {
  evictIndexedDB,
  failingIndexedDB,
  failingStore,
  failingStrings,
  type IndexedDBFailure,
  type Restore,
  testWallet,
} from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { clearOrigin } from '../setup/origin.js'

const resources = ['https://api.example.com/notes/*']
const PLACE = { namespace: 'testing' }
const wallet = testWallet()
const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })
const signIn = (options: object = {}): Promise<DIDSession> =>
  DIDSession.get(wallet.account, auth, { resources, ...PLACE, ...options })

describe('IndexedDB that fails', () => {
  let restore: Restore | undefined
  beforeEach(clearOrigin)
  afterEach(async () => {
    restore?.()
    restore = undefined
    await DIDSession.remove(wallet.account, PLACE)
  })

  it.each<IndexedDBFailure>([
    'absent',
    'forbidden',
    'refuses',
    'data-clone-error',
    'keys-lost',
    'full',
    'connection-lost',
  ])('(%s) keeps the session in memory; repaired, it keeps the next one', async (failure) => {
    restore = failingIndexedDB(failure)
    expect((await signIn()).persistence).toBe('memory')
    restore()
    await DIDSession.remove(wallet.account, PLACE)
    expect((await signIn()).persistence).toBe('indexeddb')
  })

  it.each<IndexedDBFailure>(['data-clone-error', 'keys-lost'])(
    '(%s) once, works the second time',
    async (failure) => {
      restore = failingIndexedDB(failure, { times: 1 })
      expect((await signIn()).persistence).toBe('memory')
      expect((await signIn({ namespace: 'second' })).persistence).toBe('indexeddb')
      await DIDSession.remove(wallet.account, { namespace: 'second' })
    },
  )

  it('still has the stored data once it is restored', async () => {
    const { keyDID } = await signIn()
    for (const failure of ['absent', 'refuses', 'connection-lost'] as const) {
      restore = failingIndexedDB(failure)
      expect(await DIDSession.explain(wallet.account, resources, PLACE)).toEqual({
        status: 'store-unavailable',
      })
      restore()
      expect((await DIDSession.load(undefined, PLACE))?.keyDID).toBe(keyDID)
    }
  })

  it('(hangs) lets the library give up, and opens once it is restored', async () => {
    const { keyDID } = await signIn()
    restore = failingIndexedDB('hangs')
    const quick = indexedDBStore({ openTimeoutMs: 20 })
    await expectCode('ERR_STORE_UNAVAILABLE', () => signIn({ store: quick }))
    // A store with a longer timeout opens as soon as IndexedDB is restored.
    const waiting = DIDSession.load(undefined, { ...PLACE, store: indexedDBStore({ openTimeoutMs: 60_000 }) })
    restore()
    expect((await waiting)?.keyDID).toBe(keyDID)
    expect((await DIDSession.load(undefined, { ...PLACE, store: quick }))?.keyDID).toBe(keyDID)
  })

  it('(hangs) works like the real IndexedDB for other libraries once restored, with their upgrade', async () => {
    restore = failingIndexedDB('hangs')
    const opening = openDB('notes', 2, { upgrade: (db) => void db.createObjectStore('notes') })
    const real = indexedDB.open('notes', 2)
    expect([real.readyState, real.error]).toEqual(['pending', null])
    restore()
    const database = await opening
    expect([...database.objectStoreNames]).toEqual(['notes'])
    database.close()
    await new Promise((resolve) => {
      real.onsuccess = resolve
    })
    real.result.close()
    await evictIndexedDB()
  })

  it('that is evicted is reported as evicted, and stores the next session', async () => {
    // A new namespace, because a session that was kept in memory would still exist.
    const place = { namespace: 'evicted' }
    await signIn(place)
    expect(await DIDSession.explain(wallet.account, resources, place)).toMatchObject({ status: 'ok' })
    await evictIndexedDB()
    expect(await DIDSession.explain(wallet.account, resources, place)).toEqual({ status: 'evicted' })
    expect((await signIn(place)).persistence).toBe('indexeddb')
    await DIDSession.remove(wallet.account, place)
  })

  it.each<[IndexedDBFailure, IndexedDBFailure]>([
    ['absent', 'forbidden'],
    ['absent', 'absent'],
    ['full', 'keys-lost'],
    ['connection-lost', 'connection-lost'],
  ])('(%s, then %s) is repaired in any order', (first, second) => {
    const real = (): unknown[] => [
      Object.getOwnPropertyDescriptor(globalThis, 'indexedDB'),
      ...(['put', 'add'] as const).map((name) => IDBObjectStore.prototype[name]),
      IDBDatabase.prototype.transaction,
    ]
    const before = real()
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const restores = [failingIndexedDB(first), failingIndexedDB(second)]
      expect(real()).not.toEqual(before)
      for (const i of order) restores[i]?.()
      expect(real()).toEqual(before)
    }
  })

  it('fails like the latest failure, and not like a restored one', async () => {
    const under = failingIndexedDB('absent')
    restore = failingIndexedDB('forbidden')
    under()
    expect(() => indexedDB).toThrow('insecure')
    restore()
    const lost = failingIndexedDB('data-clone-error')
    restore = failingIndexedDB('keys-lost', { times: 0 })
    lost()
    expect((await signIn()).persistence).toBe('indexeddb')
  })

  it('throws for an unknown failure', () => {
    expect(() => failingIndexedDB('sometimes' as IndexedDBFailure)).toThrow(TypeError)
  })

  it.each([
    [{ times: '1' }, 'times must be'],
    [{ times: Number.NaN }, 'times must be'],
    [{ times: -1 }, 'times must be'],
    [{ times: 1.5 }, 'times must be'],
    [{ time: 1 }, 'there is no option "time"'],
    [null, 'options must be'],
  ])('throws for wrong options, and replaces nothing: %j', (options, message) => {
    const { put } = IDBObjectStore.prototype
    expect(() => failingIndexedDB('keys-lost', options as never)).toThrow(message)
    expect(IDBObjectStore.prototype.put).toBe(put)
  })

  it('throws if it is to end a failure that has no end', () => {
    const before = globalThis.indexedDB
    expect(() => failingIndexedDB('absent', { times: 1 })).toThrow('times has no meaning for "absent"')
    expect(globalThis.indexedDB).toBe(before)
  })

  it.runIf(Symbol.dispose !== undefined)('is repaired at the end of a block', () => {
    const before = globalThis.indexedDB
    const broken = failingIndexedDB('absent')
    expect(globalThis.indexedDB).toBeUndefined()
    broken[Symbol.dispose]()
    expect(globalThis.indexedDB).toBe(before)
  })
})

describe.each([
  ['a store', () => failingStore()],
  ['a store on strings', () => failingStrings()],
])('%s of the app', (_, make) => {
  const storeOf = (made: ReturnType<typeof make>) => ('read' in made ? made : stringStore(made))

  it('works until its behaviour makes it fail, and again afterwards', async () => {
    const made = make()
    const store = storeOf(made)
    const prompts = wallet.prompts
    made.behaviour = 'unavailable'
    await expectCode('ERR_STORE_UNAVAILABLE', () => signIn({ store }))
    expect(wallet.prompts).toBe(prompts)
    made.behaviour = 'works'
    const { keyDID } = await signIn({ store })
    made.behaviour = 'full'
    await expectCode('ERR_STORE_UNAVAILABLE', () => signIn({ store, resources: ['https://other.example/'] }))
    expect((await DIDSession.load(undefined, { ...PLACE, store }))?.keyDID).toBe(keyDID)
  })

  it('hangs, and then continues with the next behaviour', async () => {
    const made = make()
    const store = storeOf(made)
    const { keyDID } = await signIn({ store })
    made.behaviour = 'hangs'
    const one = DIDSession.load(undefined, { ...PLACE, store })
    made.behaviour = 'works'
    expect((await one)?.keyDID).toBe(keyDID)
    made.behaviour = 'hangs'
    const two = DIDSession.load(undefined, { ...PLACE, store })
    made.behaviour = 'unavailable'
    await expectCode('ERR_STORE_UNAVAILABLE', () => two)
  })

  it('refuses an unknown behaviour', () => {
    expect(() => Object.assign(make(), { behaviour: 'breaks' })).toThrow(TypeError)
  })
})
