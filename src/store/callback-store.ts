import { isWritableByOthers, type StringStore } from './string-store.js'

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

const stores = new WeakMap<CallbackBackend, StringStore>()

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
  const store = stores.get(backend) ?? {
    ...(isWritableByOthers(backend) && { writableByOthers: true }),
    getItem: (key) => answered((callback) => backend.getItem(key, callback)),
    setItem: (key, value) => answered((callback) => backend.setItem(key, value, callback)),
    removeItem: (key) => answered((callback) => backend.removeItem(key, callback)),
  }
  stores.set(backend, store)
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
