import { fromUtf8, utf8 } from '../base/bytes.js'
import { SerialQueue } from '../base/concurrency.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import { check, readOptions, setting } from '../base/options.js'
import type { Persistence, SessionStore } from './store.js'
import {
  fromJSON,
  fromPlain,
  isEmpty,
  NO_SESSIONS,
  type StoredSessions,
  seedStore,
  toJSON,
  toPlain,
} from './stored-text.js'

/**
 * A backend that stores strings by name, synchronously or asynchronously: `localStorage`, an unstorage,
 * `cookieStore(request)`, `callbackStore({ … })`, or an object of your own. If `getItem` returns anything but a string that this
 * store wrote, nobody is signed in.
 */
export interface StringStore {
  getItem(key: string): unknown
  setItem(key: string, value: string): unknown
  removeItem(key: string): unknown
  /**
   * Whether others can write to the backend: other people, or a client that the server must not trust. If so, sessions are resumed
   * only with `verifiers` and `domains`. The session store takes over this value.
   */
  readonly writableByOthers?: boolean
}

/** How the store names its items and itself. */
export interface StringStoreOptions {
  /** The prefix of the items' names, before the namespace; `cacao-session:` by default. */
  prefix?: string
  /** The value of `session.persistence`; `strings` by default. */
  persistence?: Persistence
  /** Set it for a backend to which others can write and which has no `writableByOthers` member itself; false by default. */
  writableByOthers?: boolean
}

const READERS = {
  prefix: setting((value: unknown): string => {
    if (typeof value === 'string') return value
    throw new TypeError('prefix must be a string')
  }),
  persistence: setting((value: unknown): string => {
    if (typeof value === 'string' && value !== '') return value
    throw new TypeError('persistence must be a non-empty string')
  }),
  writableByOthers: check(readBoolean),
}

const stores = new WeakMap<StringStore, Map<string, SessionStore>>()
const queues = new WeakMap<StringStore, Map<string, SerialQueue>>()

/**
 * Stores sessions in a backend for strings, as one item for each namespace. The strings contain the sessions' keys: anyone who
 * can read them can act until the sessions expire, so prefer the default store in pages. Sessions from this store can be
 * written to a string (`serialize()`).
 *
 * Writes happen one after the other, across all tabs if the browser has Web Locks. The methods reject with
 * `ERR_STORE_UNAVAILABLE` if the backend fails, and wait for a backend that doesn't answer. Calls with the same backend and
 * options return the same store. If others can write to the backend, set `writableByOthers`. Throws a `TypeError` for a wrong
 * backend or option.
 *
 * @example
 * const store = stringStore(localStorage)
 * const session = (await DIDSession.load(undefined, { store })) ?? showLogin()
 */
export function stringStore(backend: StringStore, options: StringStoreOptions = {}): SessionStore {
  assertStringStore(backend)
  const given = readOptions(options, READERS)
  const { prefix = 'cacao-session:', persistence = 'strings' } = given
  // The option can't make a backend trusted whose own member says that others can write to it.
  const writableByOthers = isWritableByOthers(backend) || given.writableByOthers === true
  const queueOf = (key: string): SerialQueue => cached(queues, backend, key, () => new SerialQueue())
  return cached(stores, backend, JSON.stringify([prefix, persistence, writableByOthers]), () =>
    seedStore({
      persistence,
      writableByOthers,
      // Reads wait for the writes of this process, because a backend may return half of an item that is being written.
      load: (namespace) => {
        const key = prefix + namespace
        return queueOf(key).run(async () => readStoredSessions(await backend.getItem(key)))
      },
      update(namespace, change) {
        const key = prefix + namespace
        const write = async (): Promise<void> => {
          const changed = change(readStoredSessions(await backend.getItem(key)))
          if (isEmpty(changed)) await backend.removeItem(key)
          else await backend.setItem(key, writeStoredSessions(changed))
        }
        return queueOf(key).run(() => acrossTabs(`${key} is written`, write))
      },
    }),
  )
}

/** Encodes the sessions as base64url of JSON, because some backends parse strings that are JSON, and cookies can't contain JSON. */
function writeStoredSessions(sessions: StoredSessions): string {
  return toBase64url(utf8(toJSON(toPlain(sessions))))
}

/** Returns the sessions in a value from a backend; none if `writeStoredSessions` did not write it. */
export function readStoredSessions(value: unknown): StoredSessions {
  const bytes = typeof value === 'string' ? fromBase64url(value) : undefined
  const text = bytes && fromUtf8(bytes)
  return (text && fromPlain(fromJSON(text, ['sessions', 'last']))) || NO_SESSIONS
}

/**
 * Runs `work` under the Web Lock of this name, so that only one tab or worker of this origin runs it at a time. If there are no Web
 * Locks, or the browser refuses the lock, runs it without.
 */
async function acrossTabs<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { location, navigator } = globalThis
  // Servers need no lock: it would make one person's requests wait for those of other people.
  const locks = location && navigator?.locks
  if (!locks) return work()
  let hasBegun = false
  try {
    return await locks.request(name, () => {
      hasBegun = true
      return work()
    })
  } catch (error) {
    if (hasBegun) throw error
    return work()
  }
}

/** Reads the backend's `writableByOthers`; false if it is absent. Throws a `TypeError` unless it is a boolean. */
function isWritableByOthers({ writableByOthers }: { writableByOthers?: unknown }): boolean {
  return writableByOthers !== undefined && readBoolean(writableByOthers, 'writableByOthers')
}

function readBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name} must be true or false`)
}

function assertStringStore(backend: unknown): asserts backend is StringStore {
  const { getItem, setItem, removeItem } = (backend ?? {}) as {
    readonly [name in keyof StringStore]?: unknown
  }
  if ([getItem, setItem, removeItem].every((method) => typeof method === 'function')) return
  throw new TypeError('backend must have getItem, setItem and removeItem, as localStorage has')
}

/** Returns the backend's value of this name, and creates it on the first call. */
function cached<T>(
  cache: WeakMap<StringStore, Map<string, T>>,
  backend: StringStore,
  name: string,
  create: () => T,
): T {
  const values = cache.get(backend) ?? new Map<string, T>()
  cache.set(backend, values)
  const value = values.get(name) ?? create()
  values.set(name, value)
  return value
}

/** A callback in Node's style: called with an error, or with the value. */
export type StoreCallback = (error?: unknown, value?: unknown) => void

/** A backend that stores strings by name and returns its results through callbacks. */
export interface CallbackBackend {
  getItem(key: string, callback: StoreCallback): unknown
  setItem(key: string, value: string, callback: StoreCallback): unknown
  removeItem(key: string, callback: StoreCallback): unknown
  /** Whether others can write to the backend; see `StringStore`. */
  readonly writableByOthers?: boolean
}

const wrapped = new WeakMap<CallbackBackend, StringStore>()

/**
 * Turns a backend with callbacks into a backend for `stringStore`. Only the first call of a callback counts. If a callback is
 * never called, the store waits forever. Calls with the same backend return the same object. Throws a `TypeError` for a wrong
 * backend.
 *
 * @example
 * const store = stringStore(callbackStore({
 *   getItem: (key, callback) => redis.get(key, callback),
 *   setItem: (key, value, callback) => redis.set(key, value, callback),
 *   removeItem: (key, callback) => redis.del(key, callback),
 * }))
 */
export function callbackStore(backend: CallbackBackend): StringStore {
  const { getItem, setItem, removeItem } = (backend ?? {}) as {
    readonly [name in keyof CallbackBackend]?: unknown
  }
  if (![getItem, setItem, removeItem].every((method) => typeof method === 'function'))
    throw new TypeError(
      'backend must have getItem, setItem and removeItem, each with a callback as its last argument',
    )
  const store = wrapped.get(backend) ?? {
    ...(isWritableByOthers(backend) && { writableByOthers: true }),
    getItem: (key) => promised((callback) => backend.getItem(key, callback)),
    setItem: (key, value) => promised((callback) => backend.setItem(key, value, callback)),
    removeItem: (key) => promised((callback) => backend.removeItem(key, callback)),
  }
  wrapped.set(backend, store)
  return store
}

function promised(call: (callback: StoreCallback) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: StoreCallback = (error, value) =>
      (error ?? undefined) === undefined ? resolve(value) : reject(error)
    // An async function may reject instead of calling back.
    Promise.resolve(call(callback)).catch(reject)
  })
}
