import { type DBSchema, type IDBPDatabase, openDB } from 'idb'
import { SessionError } from '../base/errors.js'
import { within } from '../base/timeout.js'
import type { LastUsed, SessionRecord } from './store.js'

/** The layout of our database. Keys: [namespace, account, keyDID] and namespace. */
export interface SessionDatabase extends DBSchema {
  sessions: { key: [string, string, string]; value: SessionRecord }
  last: { key: string; value: LastUsed }
}

type Database = IDBPDatabase<SessionDatabase>

// Doing the same again over a new connection can't help against these.
const NOT_THE_CONNECTION = ['DataCloneError', 'QuotaExceededError', 'SecurityError', 'VersionError']
const OPEN_ATTEMPTS = 2

/**
 * A connection that is opened when first used, opened anew when it has died, and never waited for longer than
 * a bound: Safari loses connections, and its opens can hang.
 */
export class Connection {
  readonly #name: string
  readonly #openTimeoutMs: number
  #factory: IDBFactory | undefined
  #opening: Promise<Database> | undefined
  #isLate = false

  constructor(name: string, openTimeoutMs: number) {
    this.#name = name
    this.#openTimeoutMs = openTimeoutMs
  }

  /** Does the work, once more over a new connection if this one has died. */
  async use<T>(work: (database: Database) => Promise<T>): Promise<T> {
    const database = await this.open()
    try {
      return await work(database)
    } catch (error) {
      if (error instanceof Error && NOT_THE_CONNECTION.includes(error.name))
        throw unavailable('refused the record', error)
    }
    this.#opening = undefined
    database.close()
    return work(await this.open()).catch((cause: unknown) => {
      throw unavailable('failed twice', cause)
    })
  }

  /** Opens the database. Rejects with `ERR_STORE_UNAVAILABLE`, whose `cause` is absent if it was a hang. */
  async open(): Promise<Database> {
    const factory = currentFactory()
    if (factory !== this.#factory) {
      this.#factory = factory
      this.#opening = undefined
      this.#isLate = false
    }
    // An open that hung once may hang forever: nobody waits for it again, but it is used should it arrive.
    if (this.#isLate) throw unavailable('does not open')
    for (let attempt = 0; attempt < OPEN_ATTEMPTS; attempt++) {
      this.#opening ??= this.#request()
      const opening = this.#opening
      const database = await within(this.#openTimeoutMs, opening).catch((cause: unknown) => {
        throw unavailable('refuses to open', cause)
      })
      if (database) return database
      if (attempt + 1 < OPEN_ATTEMPTS) this.#opening = undefined
    }
    this.#isLate = true
    const arrived = (): void => {
      this.#isLate = false
    }
    this.#opening?.then(arrived, arrived)
    throw unavailable('does not open')
  }

  #request(): Promise<Database> {
    const opening = openDB<SessionDatabase>(this.#name, 1, {
      upgrade(database) {
        database.createObjectStore('sessions')
        database.createObjectStore('last')
      },
      // Another tab wants to delete or upgrade the database: don't stand in its way.
      blocking: (_current, _blocked, event) => {
        this.#opening = undefined
        const database = event.target as IDBDatabase
        database.close()
      },
      terminated: () => {
        this.#opening = undefined
      },
    })
    opening.catch(() => {
      if (this.#opening === opening) this.#opening = undefined
    })
    return opening
  }
}

// Some browsers throw on the mere look at indexedDB when storage is forbidden.
function currentFactory(): IDBFactory {
  let factory: IDBFactory | undefined
  try {
    factory = globalThis.indexedDB
  } catch (cause) {
    throw unavailable('is forbidden', cause)
  }
  if (!factory) throw unavailable('is missing', new Error('there is no indexedDB here'))
  return factory
}

function unavailable(what: string, cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `IndexedDB ${what}: the session can only be kept in memory here`,
    options,
  )
}
