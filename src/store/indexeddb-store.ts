import { within } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { quantityOption, type ReadersOf, readOptions, setting, textOption } from '../base/options.js'
import type { LastUsed, SessionDatabase, SessionRecord, SessionStore } from './store.js'

/** Which database, and how long to wait for it. */
export interface IndexedDBStoreOptions {
  /** The database's name; `cacao-session` by default. */
  name?: string
  /** Milliseconds to wait for the database to open before trying once more, and then giving up; 2000 by default. */
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
        // Each answer takes a turn of the page. The first time, a page that has one session reads it before it is known whose it is.
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
        // Engines take long to copy a session, and longer to copy a key.
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

// Arrays sort behind strings: [namespace, account, []] is the end of all that begins with [namespace, account].
function keysUnder(namespace: string, account?: string): IDBKeyRange {
  const prefix = account === undefined ? [namespace] : [namespace, account]
  return IDBKeyRange.bound(prefix, [...prefix, []])
}

// Sessions and keys are stored under [namespace, account, keyDID], the last use under the namespace. Keys have a store of their
// own, because engines take long to copy one, and most questions need none.
const STORES = ['sessions', 'keys', 'last']

// A new connection can't help against these errors.
const NOT_THE_CONNECTION = [
  'SessionError',
  'DataCloneError',
  'QuotaExceededError',
  'SecurityError',
  'VersionError',
]
const OPEN_ATTEMPTS = 2
// The wait for an answer is divided into steps of the timer: a page that slept has missed one of them at most.
const STEPS = 5
// By what the wait is divided while an earlier request still has no answer.
const STUCK_SHARE = 20

type OnLate = (listener: () => void) => void

/**
 * A connection that is opened when first used and opened again when it was lost, with a bound on every wait: Safari loses
 * connections, and opening can hang there. In all browsers, a tab that was frozen while it wrote makes the others wait.
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

  /** Does the work, and once more with a new connection if this one was lost. */
  async use<T>(work: (database: IDBDatabase, onLate: OnLate) => Promise<T>): Promise<T> {
    const database = await this.open()
    try {
      return await this.#inTime((onLate) => work(database, onLate))
    } catch (error) {
      if (error instanceof Error && NOT_THE_CONNECTION.includes(error.name)) throw unavailable(error)
    }
    this.#forget()
    database.close()
    const another = await this.open()
    return this.#inTime((onLate) => work(another, onLate)).catch((cause: unknown) => {
      throw unavailable(cause)
    })
  }

  // While an earlier request still has no answer, later ones are waited for more briefly.
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

  /** Opens the database. Rejects with `ERR_STORE_UNAVAILABLE`, whose `cause` is absent if it was a hang. */
  async open(): Promise<IDBDatabase> {
    const factory = currentFactory()
    if (factory !== this.#factory) this.#forget()
    this.#factory = factory
    if (this.#database) return this.#database
    // An attempt that hung may hang forever, so it isn't waited for again. If the database arrives later, it is used.
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
    const forget = (): void => this.#forget()
    const opening = resultOf(request)
    opening.then((database) => {
      // Another tab wants to delete or upgrade the database, which waits until this connection is closed.
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
  if (!factory) throw unavailable('there is none here')
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

// Requests as promises, written by hand for what every page loads before it knows whether someone is signed in. Code that loads
// later uses idb.

/** The result of the request. */
function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
