import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'
import type { NewSession, SessionStore, StoredAccount } from '../../src/store/store.js'

const NAME = 'one-session'
const MINE = 'eip155:1:0x01'
const OTHER = 'eip155:1:0x02'

// Stores don't check their sessions, so a session here has only what identifies it.
const record = (account: string, keyDID: string): NewSession => ({
  account,
  keyDID,
  cacao: { s: { s: keyDID } } as Cacao,
})
const session = (account: string, keyDID: string): NewSession => ({
  ...record(account, keyDID),
  keyPair: { pairOf: keyDID } as unknown as CryptoKeyPair,
})
const last = (account: string, keyDID: string) => ({ account, keyDID, at: 1 })

let store: SessionStore
beforeEach(() => {
  store = indexedDBStore({ name: NAME })
})
afterEach(() => {
  indexedDB.deleteDatabase(NAME)
})

const nothingKnown = (): boolean => false

/** The first read of a page that doesn't know yet which account has a session. */
async function readFirst(from: SessionStore = store): Promise<StoredAccount | undefined> {
  return from.readAccount?.('default', undefined, nothingKnown, true)
}

const found = (account: string, ...keyDIDs: string[]) => ({
  last: last(account, keyDIDs[0] ?? ''),
  records: keyDIDs.map((keyDID) => record(account, keyDID)),
  keys: keyDIDs.map((keyDID) => ({ pairOf: keyDID })),
})

it('reads the only session, and the same a second time', async () => {
  await store.write('default', { put: [session(MINE, 'a')], last: last(MINE, 'a') })
  expect(await readFirst()).toEqual(found(MINE, 'a'))
  expect(await readFirst()).toEqual(found(MINE, 'a'))
  expect(await readFirst(indexedDBStore({ name: NAME }))).toEqual(found(MINE, 'a'))
})

it.each([
  ['before', OTHER, MINE],
  ['behind', MINE, OTHER],
])('reads no session of another account that sorts %s', async (_, first, second) => {
  const put = [session(first, 'a'), session(second, 'b')]
  await store.write('default', { put, last: last(second, 'b') })
  expect(await readFirst()).toEqual(found(second, 'b'))
})

it('reads all sessions of the account', async () => {
  const put = [session(MINE, 'a'), session(MINE, 'b')]
  await store.write('default', { put, last: last(MINE, 'a') })
  expect(await readFirst()).toEqual(found(MINE, 'a', 'b'))
})

it('reads no session if the last account has none, or has signed out', async () => {
  await store.write('default', { put: [session(MINE, 'a')], last: last(OTHER, 'b') })
  expect(await readFirst()).toMatchObject({ last: last(OTHER, 'b'), records: [] })
  await store.write('default', { last: { at: 2 } })
  expect(await readFirst(indexedDBStore({ name: NAME }))).toEqual({ last: { at: 2 }, records: [] })
})

it('reads no session of another namespace', async () => {
  await store.write('default', { put: [session(MINE, 'a')], last: last(MINE, 'a') })
  await store.write('other', { put: [session(MINE, 'b')], last: last(MINE, 'b') })
  expect(await readFirst()).toEqual(found(MINE, 'a'))
})

it('does not combine a session with the key of another one', async () => {
  // Only the key is left, as after a failure.
  await store.write('default', { put: [session(MINE, 'a')], last: last(MINE, 'b') })
  await store.database?.use(
    async (database) =>
      new Promise<void>((resolve, reject) => {
        const transaction = database.transaction('sessions', 'readwrite')
        transaction.objectStore('sessions').clear()
        transaction.oncomplete = () => resolve()
        transaction.onerror = () => reject(transaction.error)
      }),
  )
  await store.write('default', { put: [session(MINE, 'b')] })
  expect(await readFirst()).toEqual(found(MINE, 'b'))
})

it('reads no session of another account that has no key', async () => {
  const put = [session(MINE, 'a'), record(OTHER, 'b')]
  await store.write('default', { put, last: last(MINE, 'a') })
  expect(await readFirst()).toEqual(found(MINE, 'a'))
})

it('finds a session without its key', async () => {
  await store.write('default', { put: [record(MINE, 'a')], last: last(MINE, 'a') })
  const { records, keys = [] } = (await readFirst()) ?? {}
  expect(records).toEqual([record(MINE, 'a')])
  expect(keys[0]).toBe(undefined)
})
