import { within } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { quantityOption, type ReadersOf, readOptions, setting, textOption } from '../base/options.js'
import type { LastUsed, SessionDatabase, SessionRecord, SessionStore } from './store.js'

/** Which database to use, and how long to wait for it. */
export interface IndexedDBStoreOptions {
  /** The database's name; `cacao-session` by default. */
  name?: string
  /** Milliseconds to wait for the database to open. After that it is tried once more, for the same time; 2000 by default. */
  openTimeoutMs?: number
}

const STORE_OPTIONS: ReadersOf<IndexedDBStoreOptions> = {
  name: setting(textOption('the name of a database')),
  openTimeoutMs: setting(quantityOption),
}

/** Stores sessions in IndexedDB, with keys that no script can export. For pages and web workers. Throws a `TypeError` for a wrong option. */
export function indexedDBStore(options: IndexedDBStoreOptions = {}): SessionStore {
  const { name = 'cacao-session', openTimeoutMs = 2000 } = readOptions<IndexedDBStoreOptions>(
    options,
    STORE_OPTIONS,
  )
  const connection = new Connection(name, openTimeoutMs)
  let hasRead = false
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

    readAccount: (namespace, account, isKnown, isLastWanted) =>
      connection.use(async (database) => {
        const transaction = database.transaction(STORES)
        const get = (store: string, key: IDBValidKey): Promise<unknown> =>
          resultOf(transaction.objectStore(store).get(key))
        const all = (store: string): Promise<unknown[]> =>
          resultOf(transaction.objectStore(store).getAll(keysUnder(namespace), 2))
        const idsOf = (owner: string): Promise<IDBValidKey[]> =>
          resultOf(transaction.objectStore('sessions').getAllKeys(keysUnder(namespace, owner)))
        // Each answer takes a turn of the event loop. The first read therefore doesn't wait for the last account: it also reads up to
        // two sessions, whose result is used if there is only one.
        const early = account === undefined && !hasRead ? ['sessions', 'keys'] : []
        hasRead = true
        const [last, own, records = [], keys = []] = await Promise.all([
          isLastWanted ? get('last', namespace) : undefined,
          account === undefined ? undefined : idsOf(account),
          ...early.map(all),
        ])
        const owner = account ?? (last as LastUsed | undefined)?.account
        if (typeof owner !== 'string') return { last, records: [] }
        const [record] = records as Partial<SessionRecord>[]
        if (record?.account === owner && !records[1] && !keys[1]) return { last, records, keys }
        const ids = own ?? (await idsOf(owner))
        // Browsers take long to copy a session, and longer to copy a key, so known sessions are not read.
        const reads = ids.map(async (id): Promise<unknown[]> => {
          const keyDID = Array.isArray(id) ? id[2] : undefined
          return typeof keyDID === 'string' && isKnown(keyDID)
            ? [{ account: owner, keyDID }]
            : Promise.all([get('sessions', id), get('keys', id)])
        })
        const found = await Promise.all(reads)
        return { last, records: found.map(([record]) => record), keys: found.map(([, key]) => key) }
      }),

    async write(namespace, change) {
      const { writeIndexedDB } = await import('./write-indexeddb.js')
      await writeIndexedDB(connection, namespace, change)
    },
  }
}

function storeIn(database: IDBDatabase, name: string): IDBObjectStore {
  return database.transaction(name).objectStore(name)
}

// Arrays sort after strings, so [namespace, account, []] follows every key that begins with [namespace, account].
function keysUnder(namespace: string, account?: string): IDBKeyRange {
  const prefix = account === undefined ? [namespace] : [namespace, account]
  return IDBKeyRange.bound(prefix, [...prefix, []])
}

// Sessions and keys are stored under [namespace, account, keyDID], the last use under the namespace. Keys have their own object
// store, because browsers take long to copy a key, and most reads don't need one.
const STORES = ['sessions', 'keys', 'last']

// A new connection doesn't help against these errors.
const NOT_THE_CONNECTION = [
  'SessionError',
  'DataCloneError',
  'QuotaExceededError',
  'SecurityError',
  'VersionError',
]
const OPEN_ATTEMPTS = 2
// The time to wait for an answer is divided into timer steps. While a page sleeps, at most one step elapses, so it doesn't time out
// as soon as it wakes up.
const STEPS = 5
// While an earlier request still has no answer, the time to wait is divided by this number.
const STUCK_SHARE = 20

type OnLate = (listener: () => void) => void

/**
 * A connection that is opened on first use and reopened after it was lost. Every wait has a limit: Safari loses connections, and
 * opening one can hang there. In all browsers, a tab that was frozen while it wrote makes the other tabs wait.
 */
export class Connection implements SessionDatabase {
  readonly name: string
  readonly #openTimeoutMs: number
  readonly #workTimeoutMs: number
  #factory: IDBFactory | undefined
  #opening: Promise<IDBDatabase> | undefined
  #database: IDBDatabase | undefined
  #isLate = false
  #stuck = new Set<Promise<unknown>>()

  constructor(name: string, openTimeoutMs: number, workTimeoutMs = 5000) {
    this.name = name
    this.#openTimeoutMs = openTimeoutMs
    this.#workTimeoutMs = workTimeoutMs
  }

  /** Runs `work`, and runs it once more with a new connection if this one was lost. */
  async use<T>(work: (database: IDBDatabase, onLate: OnLate) => Promise<T>): Promise<T> {
    const database = await this.open()
    try {
      return await this.#inTime((onLate) => work(database, onLate))
    } catch (error) {
      if (NOT_THE_CONNECTION.includes((error as Error)?.name)) throw unavailable(error)
    }
    // Another caller may already have opened a new connection, which must stay open.
    if (this.#database === database) this.#forget()
    database.close()
    const reopened = await this.open()
    return this.#inTime((onLate) => work(reopened, onLate)).catch((cause: unknown) => {
      throw unavailable(cause)
    })
  }

  // While an earlier request still has no answer, later requests time out sooner.
  #inTime<T>(work: (onLate: OnLate) => Promise<T>): Promise<T> {
    let undo = (): void => undefined
    const stuck = this.#stuck
    let steps = stuck.size > 0 ? 1 : STEPS
    const stepMs = this.#workTimeoutMs / (stuck.size > 0 ? STUCK_SHARE : STEPS)
    const working = work((listener) => {
      undo = listener
    })
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        if (--steps > 0) return
        clearInterval(timer)
        stuck.add(working)
        reject(unavailable())
        undo()
      }, stepMs)
      void working.then(resolve, reject).then(() => {
        clearInterval(timer)
        stuck.delete(working)
      })
    })
  }

  /** Opens the database. Rejects with `ERR_STORE_UNAVAILABLE`; the error has no `cause` if the database didn't answer in time. */
  async open(): Promise<IDBDatabase> {
    const factory = currentFactory()
    if (factory !== this.#factory) this.#forget()
    this.#factory = factory
    if (this.#database) return this.#database
    // An attempt that timed out may hang forever, so nobody waits for it again. If the database opens later, it is used.
    for (let attempt = 0; !this.#isLate && attempt < OPEN_ATTEMPTS; attempt++) {
      if (attempt > 0) this.#opening = undefined
      // Some browsers throw instead of rejecting when storage is forbidden.
      try {
        this.#opening ??= this.#request(factory)
        const database = await within(this.#openTimeoutMs, this.#opening)
        if (database) return database
      } catch (cause) {
        throw unavailable(cause)
      }
    }
    this.#isLate = true
    throw unavailable()
  }

  #request(factory: IDBFactory): Promise<IDBDatabase> {
    const request = factory.open(this.name, 1)
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store)
    }
    const opening = resultOf(request)
    // A later connection may be open or opening by now, and must not be forgotten with this one.
    const forget = (): void => {
      if (this.#opening === opening) this.#forget()
    }
    opening.then((database) => {
      // Another tab that deletes or upgrades the database has to wait until this connection is closed.
      database.onversionchange = () => {
        forget()
        database.close()
      }
      database.onclose = forget
      if (this.#opening !== opening) return database.close()
      this.#database = database
      this.#isLate = false
    }, forget)
    return opening
  }

  #forget(): void {
    this.#opening = undefined
    this.#database = undefined
    this.#stuck = new Set()
    this.#isLate = false
  }
}

// Some browsers throw when `indexedDB` is read while storage is forbidden.
function currentFactory(): IDBFactory {
  let factory: IDBFactory | undefined
  try {
    factory = globalThis.indexedDB
  } catch (cause) {
    throw unavailable(cause)
  }
  if (!factory) throw unavailable('missing')
  return factory
}

// An error without a cause means that the database didn't answer in time.
function unavailable(cause?: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    "IndexedDB can't be used: sessions are kept in memory only",
    options,
  )
}

// Written by hand, because every page loads this before it knows whether someone is signed in. Code that loads later uses idb.

/** Returns a promise for the request's result. */
function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
