import { fromBase64url, toBase64url } from '../base/base64.js'
import { SerialQueue } from '../base/concurrency.js'
import { check, readOptions, setting } from '../base/options.js'
import { fromUtf8, utf8 } from '../base/utf8.js'
import type { Persistence, SessionStore } from './store.js'
import {
  fromJSON,
  fromPlain,
  isNone,
  type KeptSessions,
  NONE,
  seedStore,
  toJSON,
  toPlain,
} from './stored-text.js'

/**
 * Does the work while no other tab or worker of this origin does any of the same name. Where there are no locks, or the
 * browser refuses them, it is done all the same.
 */
async function acrossTabs<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { location, navigator } = globalThis
  // A server has no origin; its locks would make one person wait for another.
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

/**
 * What keeps strings by name, at once or asynchronously: `localStorage`, an unstorage, `cookieStore(request)`,
 * `callbackStore({ … })`, or an object of one's own. What `getItem` gives for an absent item, or one that was not written
 * here, doesn't matter: it means signed out.
 */
export interface StringStore {
  getItem(key: string): unknown
  setItem(key: string, value: string): unknown
  removeItem(key: string): unknown
  /**
   * Whether others can write there: other people, or a client whose word is not to be believed. The store says so too, and
   * then sessions are taken up only with `verifiers` and `domains`.
   */
  readonly writableByOthers?: boolean
}

/** What the store calls its items, and itself. */
export interface StringStoreOptions {
  /** What the items' names begin with, before the namespace; `cacao-session:` by default. */
  prefix?: string
  /** What `session.persistence` is to say; `strings` by default. */
  persistence?: Persistence
  /** The same as the backend's own `writableByOthers`, of a backend that doesn't say so. */
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
  writableByOthers: check(trueOrFalse),
}

const stores = new WeakMap<StringStore, Map<string, SessionStore>>()
const queues = new WeakMap<StringStore, Map<string, SerialQueue>>()

/**
 * Keeps sessions wherever strings can be kept, one item for each namespace. The strings hold the sessions' keys: whoever
 * can read them can act until the sessions expire, so prefer the default store in pages. Sessions kept here can also
 * `serialize()`. Writes wait for one another, in all tabs where the browser has locks. What the backend throws rejects
 * with `ERR_STORE_UNAVAILABLE`; one that never answers is waited for. The same backend and options give the same store. Whether
 * others can write into the backend only its owner knows: say so by `writableByOthers`.
 *
 * @example
 * const store = stringStore(localStorage)
 * const session = (await DIDSession.load(undefined, { store })) ?? showLogin()
 */
export function stringStore(backend: StringStore, options: StringStoreOptions = {}): SessionStore {
  assertStringStore(backend)
  const given = readOptions(options, READERS)
  const { prefix = 'cacao-session:', persistence = 'strings' } = given
  // Nobody takes back what a backend says of itself.
  const writableByOthers = isWritableByOthers(backend) || given.writableByOthers === true
  const queueOf = (key: string): SerialQueue => of(queues, backend, key, () => new SerialQueue())
  return of(stores, backend, JSON.stringify([prefix, persistence, writableByOthers]), () =>
    seedStore({
      persistence,
      writableByOthers,
      // In turn with the writes of this process: a backend may show half of what is being written.
      load: (namespace) => {
        const key = prefix + namespace
        return queueOf(key).run(async () => readKept(await backend.getItem(key)))
      },
      update(namespace, change) {
        const key = prefix + namespace
        const work = async (): Promise<void> => {
          const kept = change(readKept(await backend.getItem(key)))
          if (isNone(kept)) await backend.removeItem(key)
          else await backend.setItem(key, writeKept(kept))
        }
        return queueOf(key).run(() => acrossTabs(`${key} is written`, work))
      },
    }),
  )
}

/** The sessions as one string: base64url of JSON, because cookies and some backends would read JSON as something else. */
function writeKept(kept: KeptSessions): string {
  return toBase64url(utf8(toJSON(toPlain(kept))))
}

/** The sessions in what a backend gave; none if that is not what `writeKept` wrote. */
export function readKept(value: unknown): KeptSessions {
  const bytes = typeof value === 'string' ? fromBase64url(value) : undefined
  const text = bytes && fromUtf8(bytes)
  return (text && fromPlain(fromJSON(text, ['sessions', 'last']))) || NONE
}

/** What a backend says of itself. Throws a `TypeError` unless that is yes or no. */
function isWritableByOthers({ writableByOthers }: { writableByOthers?: unknown }): boolean {
  return writableByOthers !== undefined && trueOrFalse(writableByOthers, 'writableByOthers')
}

function trueOrFalse(value: unknown, name: string): boolean {
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

/** What belongs to the backend by this name; made when first asked for. */
function of<T>(
  all: WeakMap<StringStore, Map<string, T>>,
  backend: StringStore,
  name: string,
  make: () => T,
): T {
  const own = all.get(backend) ?? new Map<string, T>()
  all.set(backend, own)
  const value = own.get(name) ?? make()
  own.set(name, value)
  return value
}

/** Called once it is done: with an error, or else with what was asked for. */
export type StoreCallback = (error?: unknown, value?: unknown) => void

/** What keeps strings by name and answers through callbacks, as Node does: `(error, value)`. */
export interface CallbackBackend {
  getItem(key: string, callback: StoreCallback): unknown
  setItem(key: string, value: string, callback: StoreCallback): unknown
  removeItem(key: string, callback: StoreCallback): unknown
  /** Whether others can write there; see `StringStore`. */
  readonly writableByOthers?: boolean
}

const wrapped = new WeakMap<CallbackBackend, StringStore>()

/**
 * A backend for `stringStore` out of one that takes callbacks. Only the first call of a callback counts; one that is never
 * called is waited for. The same backend gives the same object.
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
    getItem: (key) => answered((callback) => backend.getItem(key, callback)),
    setItem: (key, value) => answered((callback) => backend.setItem(key, value, callback)),
    removeItem: (key) => answered((callback) => backend.removeItem(key, callback)),
  }
  wrapped.set(backend, store)
  return store
}

function answered(ask: (callback: StoreCallback) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const callback: StoreCallback = (error, value) =>
      (error ?? undefined) === undefined ? resolve(value) : reject(error)
    // An async function may reject and never call back.
    Promise.resolve(ask(callback)).catch(reject)
  })
}
