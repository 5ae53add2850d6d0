import { unwrap } from 'idb'
import { SessionError } from '../base/errors.js'
import { Connection } from './connection.js'
import type { SessionStore } from './store.js'

export interface IndexedDBStoreOptions {
  /** The database's name; `cacao-session` by default. */
  name?: string
  /** Milliseconds to wait for the database to open before trying once more, and then giving up; 2000 by default. */
  openTimeoutMs?: number
}

/** Keeps sessions in IndexedDB, whose keys are then out of reach of scripts. Browsers and their workers have it. */
export function indexedDBStore({
  name = 'cacao-session',
  openTimeoutMs = 2000,
}: IndexedDBStoreOptions = {}): SessionStore {
  const connection = new Connection(name, openTimeoutMs)
  const store: SessionStore = {
    persistence: 'indexeddb',

    read: (namespace, account) =>
      connection.use(
        (database) =>
          // Past idb's proxies, which take as long as the reading itself: every page waits for this.
          new Promise((resolve, reject) => {
            const sessions = unwrap(database).transaction('sessions').objectStore('sessions')
            const request = sessions.getAll(keysUnder(namespace, account))
            request.onsuccess = () => resolve(request.result)
            request.onerror = () => reject(request.error)
          }),
      ),

    readLast: (namespace) => connection.use((database) => database.get('last', namespace)),

    readKey: (namespace, { account, keyDID }) =>
      connection.use((database) => database.get('keys', [namespace, account, keyDID])),

    async write(namespace, { put = [], remove = [], last }) {
      if (put.length === 0 && (await isRefused(connection))) return
      await connection.use(async (database, late) => {
        // A session is written once and then relied on for a week: let it reach the disk.
        const transaction = database.transaction(['sessions', 'keys', 'last'], 'readwrite', {
          durability: 'strict',
        })
        const [sessions, keys] = [transaction.objectStore('sessions'), transaction.objectStore('keys')]
        const requests: Promise<unknown>[] = []
        // A put may throw at once, and leave promises behind that nobody waits for any more.
        const expect = (...promises: Promise<unknown>[]): void => {
          for (const promise of promises) promise.catch(() => undefined)
          requests.push(...promises)
        }
        expect(transaction.done)
        // What is put after all would be a session that its caller was told doesn't exist.
        if (put.length > 0) late.addEventListener('abort', () => abort(transaction), { once: true })
        try {
          for (const { account, keyDID } of remove) {
            const range =
              keyDID === undefined
                ? keysUnder(namespace, account)
                : IDBKeyRange.only([namespace, account, keyDID])
            expect(sessions.delete(range), keys.delete(range))
          }
          for (const { account, keyDID, cacao, keyPair } of put) {
            const id: [string, string, string] = [namespace, account, keyDID]
            expect(sessions.put({ account, keyDID, cacao }, id))
            if (keyPair) expect(keys.put(keyPair, id))
          }
          if (last) expect(transaction.objectStore('last').put(last, namespace))
          await Promise.all(requests)
        } catch (error) {
          abort(transaction)
          throw error
        }
      })
    },
  }
  connections.set(store, connection)
  return store
}

const connections = new WeakMap<SessionStore, Connection>()

/** The connection behind a store of this kind. */
export function connectionOf(store: SessionStore): Connection | undefined {
  return connections.get(store)
}

// A database that can't be opened at all holds nothing that could be removed; one that hangs may.
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

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort()
  } catch {
    // It had already ended.
  }
}
