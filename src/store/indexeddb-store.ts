import { SessionError } from '../base/errors.js'
import { abort, Connection, completed, resultOf } from './indexeddb-connection.js'
import type { LastUsed, SessionStore } from './store.js'
/** Which database, and how long to wait for it. */
export interface IndexedDBStoreOptions {
  /** The database's name; `cacao-session` by default. */
  name?: string
  /** Milliseconds to wait for the database to open before trying once more, and then giving up; 2000 by default. */
  openTimeoutMs?: number
}

/** Stores sessions in IndexedDB, with keys that no script can export. For pages and web workers. */
export function indexedDBStore({
  name = 'cacao-session',
  openTimeoutMs = 2000,
}: IndexedDBStoreOptions = {}): SessionStore {
  const connection = new Connection(name, openTimeoutMs)
  return {
    persistence: 'indexeddb',
    database: connection,

    read: (namespace, account) =>
      connection.use((database) =>
        resultOf(storeIn(database, 'sessions').getAll(keysUnder(namespace, account))),
      ),

    readLast: (namespace) => connection.use((database) => resultOf(storeIn(database, 'last').get(namespace))),

    readKey: (namespace, { account, keyDID }) =>
      connection.use((database) => resultOf(storeIn(database, 'keys').get([namespace, account, keyDID]))),

    readAccount: (namespace, account, isKnown) =>
      connection.use(async (database) => {
        const transaction = database.transaction(['sessions', 'keys', 'last'])
        const get = (store: string, key: IDBValidKey): Promise<unknown> =>
          resultOf(transaction.objectStore(store).get(key))
        const reading = get('last', namespace)
        const owner = account ?? ((await reading) as LastUsed | undefined)?.account
        if (typeof owner !== 'string') return { last: await reading, records: [] }
        const range = keysUnder(namespace, owner)
        const [last, records] = await Promise.all([
          reading,
          resultOf<unknown[]>(transaction.objectStore('sessions').getAll(range)),
        ])
        // Engines take long to copy a key.
        const keys = records.map((record) => {
          const keyDID = (record as { keyDID?: unknown } | null)?.keyDID
          const isWanted = typeof keyDID === 'string' && !isKnown(keyDID)
          return isWanted ? get('keys', [namespace, owner, keyDID]) : undefined
        })
        return { last, records, keys: await Promise.all(keys) }
      }),

    async write(namespace, { put = [], remove = [], last }) {
      if (put.length === 0 && (await isRefused(connection))) return
      await connection.use(async (database, onLate) => {
        // A session is written once and used for a week, so it must reach the disk.
        const transaction = database.transaction(['sessions', 'keys', 'last'], 'readwrite', {
          durability: 'strict',
        })
        const [sessions, keys] = [transaction.objectStore('sessions'), transaction.objectStore('keys')]
        // The caller is told that nothing was stored, so nothing must be stored later.
        if (put.length > 0) onLate(() => abort(transaction))
        await completed(transaction, () => {
          for (const { account, keyDID } of remove) {
            const range =
              keyDID === undefined
                ? keysUnder(namespace, account)
                : IDBKeyRange.only([namespace, account, keyDID])
            for (const store of [sessions, keys]) store.delete(range)
          }
          for (const { account, keyDID, cacao, keyPair } of put) {
            const id = [namespace, account, keyDID]
            sessions.put({ account, keyDID, cacao }, id)
            if (keyPair) keys.put(keyPair, id)
          }
          if (last) transaction.objectStore('last').put(last, namespace)
        })
      })
    },
  }
}

function storeIn(database: IDBDatabase, name: string): IDBObjectStore {
  return database.transaction(name).objectStore(name)
}

// A database that can't be opened has nothing that could be removed. One that hangs may have something.
async function isRefused(connection: Connection): Promise<boolean> {
  try {
    await connection.open()
    return false
  } catch (error) {
    if (error instanceof SessionError && error.cause !== undefined) return true
    throw error
  }
}

// Arrays sort behind strings: [namespace, account, []] is the end of all that begins with [namespace, account].
function keysUnder(namespace: string, account: string | undefined): IDBKeyRange {
  const prefix = account === undefined ? [namespace] : [namespace, account]
  return IDBKeyRange.bound(prefix, [...prefix, []])
}
