import { openDB } from 'idb'
import type { Cacao } from '../../src/capability/cacao.js'
import type { SessionId } from '../../src/store/store.js'

/** Deletes the data of this library and of did-session 4 in the origin. Fails if a connection is still open. */
export async function clearOrigin(): Promise<void> {
  for (const name of ['cacao-session', 'did-session']) {
    await new Promise<void>((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name)
      request.onsuccess = () => resolve()
      request.onerror = () => reject(request.error)
    })
  }
}

/** The names of the databases in the origin. */
export async function databaseNames(): Promise<(string | undefined)[]> {
  return (await indexedDB.databases()).map(({ name }) => name)
}

/** The stored sessions with their keys, read without the library. */
export async function storedSessions(): Promise<
  { account: string; keyDID: string; cacao: Cacao; keyPair: CryptoKeyPair }[]
> {
  if (!(await databaseNames()).includes('cacao-session')) return []
  const database = await openDB('cacao-session')
  try {
    const [records, keyPairs] = [await database.getAll('sessions'), await database.getAll('keys')]
    return records.map((record, i) => ({ ...record, keyPair: keyPairs[i] }))
  } finally {
    database.close()
  }
}

/** Writes a session without the library, under the key of its account and DID. */
export async function plantSession(id: SessionId, record: unknown, keyPair: unknown): Promise<void> {
  const database = await openDB('cacao-session', 1, {
    upgrade: (db) => {
      for (const store of ['sessions', 'keys', 'last']) db.createObjectStore(store)
    },
  })
  try {
    const key = ['default', id.account, id.keyDID]
    await database.put('sessions', record, key)
    if (keyPair === undefined) await database.delete('keys', key)
    else await database.put('keys', keyPair, key)
    await database.put('last', { ...id, at: Date.now() }, 'default')
  } finally {
    database.close()
  }
}

/** Stores a session as did-session 4 does. */
export async function plantDIDSession4(account: string, value: unknown): Promise<void> {
  const database = await openDB('did-session', 1, { upgrade: (db) => void db.createObjectStore('sessions') })
  try {
    await database.put('sessions', value, account)
  } finally {
    database.close()
  }
}

/** The accounts for which did-session 4 holds a session. */
export async function didSession4Accounts(): Promise<string[]> {
  if (!(await databaseNames()).includes('did-session')) return []
  const database = await openDB('did-session')
  try {
    return (await database.getAllKeys('sessions')).map(String)
  } finally {
    database.close()
  }
}
