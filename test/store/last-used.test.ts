import { afterEach, describe, expect, it } from 'vitest'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore, StoreChange } from '../../src/store/store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ACCOUNT_A, ACCOUNT_B } from '../setup/wallet.js'

const DATABASE = 'last-used'

function textStore(): SessionStore {
  const items = new Map<string, string>()
  return stringStore({
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  })
}

const used = (account: string, keyDID: string, at: number) => ({ account, keyDID, at })

describe.each<[string, () => SessionStore]>([
  ['memory', memoryStore],
  ['IndexedDB', () => indexedDBStore({ name: DATABASE })],
  ['strings', textStore],
])('the last use in a store of %s', (_, open) => {
  afterEach(() => {
    indexedDB.deleteDatabase(DATABASE)
  })

  it.each<[string, StoreChange, unknown]>([
    ['is replaced by a new one', { last: used(ACCOUNT_B, 'b', 2) }, used(ACCOUNT_B, 'b', 2)],
    ['is kept by a change without one', { put: [] }, used(ACCOUNT_A, 'a', 1)],
    ['is replaced by one without an account', { last: { at: 2 } }, { at: 2 }],
    ['loses its account with the account', { remove: [{ account: ACCOUNT_A }] }, { at: 1 }],
    ['loses its account with the session', { remove: [{ account: ACCOUNT_A, keyDID: 'a' }] }, { at: 1 }],
    ['is that of the sign-out', { remove: [{ account: ACCOUNT_A }], last: { at: 2 } }, { at: 2 }],
    [
      'is kept if another session of the account is removed',
      { remove: [{ account: ACCOUNT_A, keyDID: 'b' }] },
      used(ACCOUNT_A, 'a', 1),
    ],
    [
      'is kept if another account is signed out',
      { remove: [{ account: ACCOUNT_B }], last: { at: 2 } },
      used(ACCOUNT_A, 'a', 1),
    ],
    [
      'is that of a session which replaces the removed one',
      { remove: [{ account: ACCOUNT_A, keyDID: 'a' }], last: used(ACCOUNT_A, 'b', 2) },
      used(ACCOUNT_A, 'b', 2),
    ],
  ])('%s', async (__, change, expected) => {
    const store = open()
    await store.write('default', { last: used(ACCOUNT_A, 'a', 1) })
    await store.write('default', change)
    expect(await store.readLast('default')).toEqual(expected)
    expect(await store.readLast('other')).toBeUndefined()
  })

  it('is that of a sign-out if there was none before, and none after a removal alone', async () => {
    const store = open()
    await store.write('default', { remove: [{ account: ACCOUNT_A }] })
    expect(await store.readLast('default')).toBeUndefined()
    await store.write('default', { remove: [{ account: ACCOUNT_A }], last: { at: 2 } })
    expect(await store.readLast('default')).toEqual({ at: 2 })
  })
})
