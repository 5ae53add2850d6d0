import { openDB } from 'idb'

/** Deletes what this library and did-session 4 keep in the origin. Fails if someone holds on to it. */
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

/** The records that our store really holds, read past the library. */
export async function storedRecords(): Promise<
  { account: string; keyDID: string; keyPair: CryptoKeyPair; cacao: unknown }[]
> {
  if (!(await databaseNames()).includes('cacao-session')) return []
  const database = await openDB('cacao-session')
  try {
    return await database.getAll('sessions')
  } finally {
    database.close()
  }
}

/** Writes a record past the library, under the key of its account and DID. */
export async function plantRecord(
  record: { account: string; keyDID: string },
  key: string[] = ['default', record.account, record.keyDID],
): Promise<void> {
  const database = await openDB('cacao-session')
  try {
    await database.put('sessions', record, key)
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
