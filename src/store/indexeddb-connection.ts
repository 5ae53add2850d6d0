import { SessionError } from '../base/errors.js'
import { within } from '../base/time.js'

// Sessions and keys lie under [namespace, account, keyDID], the last use under the namespace. Keys lie apart, because engines
// take long to copy one, and most questions need none.
const STORES = ['sessions', 'keys', 'last']

// Doing the same again over a new connection can't help against these.
const NOT_THE_CONNECTION = ['DataCloneError', 'QuotaExceededError', 'SecurityError', 'VersionError']
const OPEN_ATTEMPTS = 2
// What is asked of an open database is waited for in steps: however long the page slept, it has missed one of them.
const STEPS = 5
// How much shorter the wait is for a database that has just kept someone waiting in vain.
const STUCK_SHARE = 20

type OnLate = (listener: () => void) => void

/**
 * A connection that is opened when first used, opened anew when it has died, and never waited for longer than
 * a bound: Safari loses connections, and its opens can hang. All tabs wait for one that was frozen while it wrote.
 */
export class Connection {
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

  /**
   * Does the work, once more over a new connection if this one has died. What the work hands to `onLate` is called once
   * nobody waits for it any more.
   */
  async use<T>(work: (database: IDBDatabase, onLate: OnLate) => Promise<T>): Promise<T> {
    const database = await this.open()
    try {
      return await this.#inTime((onLate) => work(database, onLate))
    } catch (error) {
      if (error instanceof SessionError) throw error
      if (error instanceof Error && NOT_THE_CONNECTION.includes(error.name)) throw unavailable(error)
    }
    this.#forget()
    database.close()
    const another = await this.open()
    return this.#inTime((onLate) => work(another, onLate)).catch((cause: unknown) => {
      throw cause instanceof SessionError ? cause : unavailable(cause)
    })
  }

  // While something waits on that was given up, nothing else is waited for as long.
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
    // An open that hung once may hang forever: nobody waits for it again, but it is used should it arrive.
    for (let attempt = 0; !this.#isLate && attempt < OPEN_ATTEMPTS; attempt++) {
      if (attempt > 0) this.#opening = undefined
      this.#opening ??= this.#requestOf(factory)
      const database = await within(this.#openTimeoutMs, this.#opening).catch((cause: unknown) => {
        throw unavailable(cause)
      })
      if (database) return database
    }
    this.#isLate = true
    throw unavailable()
  }

  // Some browsers throw at once when storage is forbidden.
  #requestOf(factory: IDBFactory): Promise<IDBDatabase> {
    try {
      return this.#request(factory)
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  #request(factory: IDBFactory): Promise<IDBDatabase> {
    const request = factory.open(this.name, 1)
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store)
    }
    const forget = (): void => this.#forget()
    const opening = resultOf(request)
    opening.then((database) => {
      // Another tab wants to delete or upgrade the database: don't stand in its way.
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

// Some browsers throw on the mere look at indexedDB when storage is forbidden.
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

// Without a cause it was a hang.
function unavailable(cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    "IndexedDB can't be used: sessions are kept in memory only",
    options,
  )
}

// IndexedDB's own requests as promises, for what every page does before it knows whether someone is signed in. What comes
// later goes through idb.

/** What the request gives. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Does the work in the transaction, and resolves once that is complete. What the work throws undoes it. */
export function completed(transaction: IDBTransaction, work: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException('aborted', 'AbortError'))
    try {
      work()
    } catch (error) {
      reject(error)
      abort(transaction)
    }
  })
}

/** Undoes the transaction, if it still can be. */
export function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It had already ended.
  }
}
