import { wrap } from 'idb'
import type { SessionError } from '../base/errors.js'
import { lastUsedAfter } from './last-used.js'
import type { LastUsed, SessionDatabase, StoreChange } from './store.js'

// A page loads this module when it writes a session. It is not needed to find out who is signed in.

/** Makes the whole change or nothing. Rejects with `ERR_STORE_UNAVAILABLE` if the database can't be used. */
export async function writeIndexedDB(
  database: SessionDatabase,
  namespace: string,
  change: StoreChange,
): Promise<void> {
  const { put = [], remove = [] } = change
  if (put.length === 0 && (await cannotOpen(database))) return
  await database.use(async (opened, onLate) => {
    // A session is written once and used for a week, so it must reach the disk.
    const transaction = wrap(opened).transaction(['sessions', 'keys', 'last'], 'readwrite', {
      durability: 'strict',
    })
    const abort = (): void => {
      try {
        transaction.abort()
      } catch {
        // The transaction had already ended.
      }
    }
    // After a timeout the caller believes that nothing was stored, so nothing may be stored later.
    if (put.length > 0) onLate(abort)
    // Async, so that the exception for a value that can't be stored becomes a rejection and the catch block undoes all writes.
    const putInto = async (store: string, value: unknown, id: IDBValidKey): Promise<unknown> =>
      transaction.objectStore(store).put(value, id)
    const removeFrom = async (store: string, range: IDBKeyRange): Promise<void> =>
      transaction.objectStore(store).delete(range)
    const noteLastUse = async (): Promise<void> => {
      const notes = transaction.objectStore('last')
      const last = lastUsedAfter((await notes.get(namespace)) as LastUsed | undefined, change)
      if (last) await notes.put(last, namespace)
    }
    try {
      await Promise.all([
        ...remove.flatMap(({ account, keyDID }) => {
          const id = keyDID === undefined ? [namespace, account] : [namespace, account, keyDID]
          // Arrays sort after strings, so this range holds every key that begins with the id.
          const range = IDBKeyRange.bound(id, [...id, []])
          return [removeFrom('sessions', range), removeFrom('keys', range)]
        }),
        ...put.flatMap(({ account, keyDID, cacao, keyPair }) => {
          const id = [namespace, account, keyDID]
          const session = putInto('sessions', { account, keyDID, cacao }, id)
          return keyPair ? [session, putInto('keys', keyPair, id)] : [session]
        }),
        noteLastUse(),
        transaction.done,
      ])
    } catch (error) {
      abort()
      throw error
    }
  })
}

// In a database that can't be opened there is nothing to remove. A database that hangs may still contain sessions.
async function cannotOpen(database: SessionDatabase): Promise<boolean> {
  try {
    await database.use(async () => undefined)
    return false
  } catch (error) {
    // The error has no cause if the database didn't answer in time.
    if ((error as SessionError).cause !== undefined) return true
    throw error
  }
}
