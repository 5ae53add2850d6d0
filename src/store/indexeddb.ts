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
  return {
    persistence: 'indexeddb',

    read: (namespace, account) =>
      connection.use(async (database) => {
        const transaction = database.transaction(['sessions', 'last'])
        const [records, last] = await Promise.all([
          transaction.objectStore('sessions').getAll(keysUnder(namespace, account)),
          transaction.objectStore('last').get(namespace),
        ])
        return { records, ...(last !== undefined && { last }) }
      }),

    async write(namespace, { put = [], remove = [], last }) {
      if (put.length === 0 && (await isRefused(connection))) return
      await connection.use(async (database) => {
        // A session is written once and then relied on for a week: let it reach the disk.
        const transaction = database.transaction(['sessions', 'last'], 'readwrite', { durability: 'strict' })
        const sessions = transaction.objectStore('sessions')
        const done = transaction.done
        done.catch(() => undefined)
        try {
          const requests: Promise<unknown>[] = []
          for (const { account, keyDID } of remove) {
            requests.push(
              sessions.delete(
                keyDID === undefined
                  ? keysUnder(namespace, account)
                  : IDBKeyRange.only([namespace, account, keyDID]),
              ),
            )
          }
          for (const record of put)
            requests.push(sessions.put(record, [namespace, record.account, record.keyDID]))
          if (last) requests.push(transaction.objectStore('last').put(last, namespace))
          await Promise.all([...requests, done])
        } catch (error) {
          abort(transaction)
          throw error
        }
      })
    },
  }
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
