import { wrap } from 'idb'
import type { SessionError } from '../base/errors.js'
import type { SessionDatabase, StoreChange } from './store.js'

// What a page loads when it writes; to know who is signed in, it only reads.

/** Makes the change, all of it or nothing. Rejects with `ERR_STORE_UNAVAILABLE` if the database can't be used. */
export async function writeIndexedDB(
  database: SessionDatabase,
  namespace: string,
  { put = [], remove = [], last }: StoreChange,
): Promise<void> {
  if (put.length === 0 && (await isRefused(database))) return
  await database.use(async (opened, onLate) => {
    // A session is written once and used for a week, so it must reach the disk.
    const transaction = wrap(opened).transaction(['sessions', 'keys', 'last'], 'readwrite', {
      durability: 'strict',
    })
    const abort = (): void => {
      try {
        transaction.abort()
      } catch {
        // It had already ended.
      }
    }
    // The caller is told that nothing was stored, so nothing must be stored later.
    if (put.length > 0) onLate(abort)
    // Async functions, because a store throws at once if a value can't be stored, and what was begun before must be undone then.
    const putInto = async (store: string, value: unknown, id: IDBValidKey): Promise<unknown> =>
      transaction.objectStore(store).put(value, id)
    const removeFrom = async (store: string, range: IDBKeyRange): Promise<void> =>
      transaction.objectStore(store).delete(range)
    try {
      await Promise.all([
        ...remove.flatMap(({ account, keyDID }) => {
          const id = keyDID === undefined ? [namespace, account] : [namespace, account, keyDID]
          // Arrays sort behind strings, so this is all that begins with the id.
          const range = IDBKeyRange.bound(id, [...id, []])
          return [removeFrom('sessions', range), removeFrom('keys', range)]
        }),
        ...put.flatMap(({ account, keyDID, cacao, keyPair }) => {
          const id = [namespace, account, keyDID]
          const session = putInto('sessions', { account, keyDID, cacao }, id)
          return keyPair ? [session, putInto('keys', keyPair, id)] : [session]
        }),
        ...(last ? [putInto('last', last, namespace)] : []),
        transaction.done,
      ])
    } catch (error) {
      abort()
      throw error
    }
  })
}

// A database that can't be opened has nothing that could be removed. One that hangs may have something.
async function isRefused(database: SessionDatabase): Promise<boolean> {
  try {
    await database.use(async () => undefined)
    return false
  } catch (error) {
    // It has no cause if the database didn't answer in time.
    if ((error as SessionError).cause !== undefined) return true
    throw error
  }
}
