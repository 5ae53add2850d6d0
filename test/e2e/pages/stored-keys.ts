import { openDB } from 'idb'
import { sessionKeyOfPair } from '../../../src/key/session-key.js'
import { databaseNames } from '../../setup/origin.js'

/** The session keys in IndexedDB, read without the library, including keys without a session. */
export async function storedKeys(): Promise<CryptoKeyPair[]> {
  if (!(await databaseNames()).includes('cacao-session')) return []
  const database = await openDB('cacao-session')
  try {
    return await database.getAll('keys')
  } finally {
    database.close()
  }
}

export async function storedKeyDIDs(): Promise<string[]> {
  const keys = await Promise.all((await storedKeys()).map(sessionKeyOfPair))
  return keys.map((key) => key?.did ?? 'unusable')
}
