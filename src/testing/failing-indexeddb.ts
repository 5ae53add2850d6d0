import { readOptions, setting, wrong } from '../base/options.js'
import { type Restore, replace, restoreOnce } from './replace.js'

/**
 * Ways in which IndexedDB fails in browsers.
 *
 * - `absent`: there is no IndexedDB, as in some workers and embedded pages.
 * - `forbidden`: reading the property `indexedDB` throws a `SecurityError`, as where cookies are blocked.
 * - `refuses`: opening a database throws, as in older private windows.
 * - `hangs`: opening a database does not finish until IndexedDB is restored, as sometimes in Safari.
 * - `data-clone-error`: keys cannot be stored, as in older iOS and in private windows of Firefox.
 * - `keys-lost`: keys are stored as empty objects, as in shared workers of WebKit.
 * - `full`: nothing can be stored because there is no space left.
 * - `connection-lost`: open connections fail, as in Safari after some time in the background.
 */
export type IndexedDBFailure =
  | 'absent'
  | 'forbidden'
  | 'refuses'
  | 'hangs'
  | 'data-clone-error'
  | 'keys-lost'
  | 'full'
  | 'connection-lost'

/** Options of `failingIndexedDB`. */
export interface FailingIndexedDBOptions {
  /**
   * How many times IndexedDB fails before it works again: a whole number. Only for `data-clone-error`, `keys-lost` and
   * `connection-lost`. By default it always fails.
   */
  times?: number
}

/**
 * Makes the IndexedDB of this page fail in a way that occurs in browsers, until the returned function is called.
 * Stored data is not lost. Use it only in tests. Where there is no IndexedDB, as in Node, install a replacement
 * such as `fake-indexeddb` first. Throws a `TypeError` for an unknown failure or a wrong option.
 *
 * The default store waits 2 seconds, twice, for a database that hangs. Use `indexedDBStore({ openTimeoutMs:
 * 50 })` or fake timers to make that faster.
 *
 * @example
 * const restore = failingIndexedDB('data-clone-error')
 * const session = await DIDSession.get(account, auth, { resources })
 * expect(session.persistence).toBe('memory') // Signed in. Does the app tell the person that it ends with the page?
 * restore()
 */
export function failingIndexedDB(failure: IndexedDBFailure, options: FailingIndexedDBOptions = {}): Restore {
  let left = timesOf(failure, options)
  const fails = (): boolean => left-- > 0
  const error = (name: string, message: string): DOMException => new DOMException(message, name)
  switch (failure) {
    case 'absent':
      return replaceFactory({ value: undefined })
    case 'forbidden':
      return replaceFactory({
        get: () => {
          throw error('SecurityError', 'The operation is insecure.')
        },
      })
    case 'refuses':
      return replaceFactory({
        value: factoryWith(indexedDB, {
          open: () => {
            throw error('InvalidStateError', 'This database did not allow mutations.')
          },
        }),
      })
    case 'hangs': {
      const { factory, release } = hangingFactory(indexedDB)
      const restoreProperty = replaceFactory({ value: factory })
      return restoreOnce(() => {
        restoreProperty()
        release()
      })
    }
    case 'data-clone-error':
      return replacePut((value) => {
        if (holdsKey(value) && fails()) throw error('DataCloneError', 'The object can not be cloned.')
        return value
      })
    case 'keys-lost':
      return replacePut((value) => (holdsKey(value) && fails() ? {} : value))
    case 'full':
      return replacePut((_, store) => {
        store.transaction.abort()
        throw error('QuotaExceededError', 'The quota has been exceeded.')
      })
    case 'connection-lost':
      return replaceTransaction(() => {
        if (fails()) throw error('UnknownError', 'Connection to Indexed Database server lost.')
      })
    default:
      throw new TypeError(
        `failure must be one of absent, forbidden, refuses, hangs, data-clone-error, keys-lost, full and connection-lost, not ${String(failure)}`,
      )
  }
}

const COUNTED: readonly IndexedDBFailure[] = ['data-clone-error', 'keys-lost', 'connection-lost']

function timesOf(failure: IndexedDBFailure, options: FailingIndexedDBOptions): number {
  const { times } = readOptions<FailingIndexedDBOptions>(options, { times: setting(timesOption) })
  if (times !== undefined && !COUNTED.includes(failure))
    throw new TypeError(`times has no meaning for "${failure}": it is only for ${COUNTED.join(', ')}`)
  return times ?? Number.POSITIVE_INFINITY
}

function timesOption(value: unknown, name: string): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && (value as number) >= 0))
    return value as number
  throw wrong(name, 'a whole number that is not negative')
}

const replaceFactory = (descriptor: PropertyDescriptor): Restore =>
  replace(globalThis, 'indexedDB', descriptor)

function replacePut(replaceValue: (value: unknown, store: IDBObjectStore) => unknown): Restore {
  const { put, add } = IDBObjectStore.prototype
  let isRestored = false
  const around = (method: typeof put) =>
    function (this: IDBObjectStore, value: unknown, key?: IDBValidKey): IDBRequest<IDBValidKey> {
      return method.call(this, isRestored ? value : replaceValue(value, this), key)
    }
  const restores = [
    replace(IDBObjectStore.prototype, 'put', { value: around(put), writable: true }),
    replace(IDBObjectStore.prototype, 'add', { value: around(add), writable: true }),
  ]
  return restoreOnce(() => {
    // If the method has been replaced again since, the later replacement still calls this function.
    isRestored = true
    for (const restoreProperty of restores) restoreProperty()
  })
}

function replaceTransaction(beforeTransaction: () => void): Restore {
  const { transaction } = IDBDatabase.prototype
  let isRestored = false
  const restoreProperty = replace(IDBDatabase.prototype, 'transaction', {
    writable: true,
    value(this: IDBDatabase, ...args: Parameters<typeof transaction>) {
      // While it creates a database, fake-indexeddb opens transactions of its own.
      if (!isRestored && this.objectStoreNames.length > 0) beforeTransaction()
      return transaction.apply(this, args)
    },
  })
  return restoreOnce(() => {
    isRestored = true
    restoreProperty()
  })
}

// Whether the value is a key or an object that has a key as a member. This library stores keys no deeper.
function holdsKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return value instanceof CryptoKey || Object.values(value).some((member) => member instanceof CryptoKey)
}

/** A factory that calls the real factory, except for the given methods. */
function factoryWith(real: IDBFactory, methods: Partial<IDBFactory>): IDBFactory {
  return {
    open: (...args) => real.open(...args),
    deleteDatabase: (name) => real.deleteDatabase(name),
    databases: () => real.databases(),
    cmp: (first, second) => real.cmp(first, second),
    ...methods,
  }
}

/** A factory that holds back every request to open, delete or list databases; `release` sends them. */
function hangingFactory(real: IDBFactory): { readonly factory: IDBFactory; release(): void } {
  let isReleased = false
  let resume = (): void => undefined
  const released = new Promise<void>((resolve) => {
    resume = resolve
  })
  const waiting: (() => void)[] = []
  const hold = (send: () => IDBOpenDBRequest): IDBOpenDBRequest => {
    if (isReleased) return send()
    const request = new HeldRequest()
    waiting.push(() => request.send(send()))
    // Users of IndexedDB, such as idb, check the class of a request.
    return Object.setPrototypeOf(request.proxy, IDBOpenDBRequest.prototype)
  }
  return {
    factory: factoryWith(real, {
      open: (...args) => hold(() => real.open(...args)),
      deleteDatabase: (name) => hold(() => real.deleteDatabase(name)),
      databases: () => released.then(() => real.databases()),
    }),
    release() {
      isReleased = true
      resume()
      for (const send of waiting.splice(0)) send()
    },
  }
}

const EVENTS = ['success', 'error', 'blocked', 'upgradeneeded'] as const

/**
 * A request that is not sent yet. It records calls, and passes them on to the real request once that exists.
 */
class HeldRequest {
  #real: IDBOpenDBRequest | undefined
  readonly #calls: ((real: IDBOpenDBRequest) => void)[] = []

  /** The object that the caller receives instead of an `IDBOpenDBRequest`. */
  readonly proxy: object = {}

  constructor() {
    const call = (name: 'addEventListener' | 'removeEventListener') => ({
      value: (...args: Parameters<IDBOpenDBRequest['addEventListener']>) =>
        this.#pass((real) => real[name](...args)),
    })
    const read = (
      name: 'result' | 'error' | 'source' | 'transaction' | 'readyState',
      valueBefore?: unknown,
    ) => ({
      get: () => (this.#real ? this.#real[name] : valueBefore),
    })
    Object.defineProperties(this.proxy, {
      addEventListener: call('addEventListener'),
      removeEventListener: call('removeEventListener'),
      result: read('result'),
      error: read('error', null),
      source: read('source', null),
      transaction: read('transaction', null),
      readyState: read('readyState', 'pending'),
    })
    for (const event of EVENTS) this.#defineHandler(`on${event}`)
  }

  /** Sends the request: passes all recorded and all later calls to the real request. */
  send(real: IDBOpenDBRequest): void {
    this.#real = real
    for (const call of this.#calls.splice(0)) call(real)
  }

  #pass(call: (real: IDBOpenDBRequest) => void): void {
    if (this.#real) call(this.#real)
    else this.#calls.push(call)
  }

  #defineHandler(name: `on${(typeof EVENTS)[number]}`): void {
    let handler: unknown = null
    Object.defineProperty(this.proxy, name, {
      get: () => handler,
      set: (value: unknown) => {
        handler = value
        this.#pass((real) => {
          Object.assign(real, { [name]: handler })
        })
      },
    })
  }
}

/**
 * Deletes all databases of this origin, like a browser that runs out of space or a person who clears the data
 * of the site. Resolves once they are deleted; connections that ignore `versionchange` delay that. Use it only
 * in tests.
 *
 * @example
 * await evictIndexedDB()
 * expect(await DIDSession.explain(account, resources)).toEqual({ status: 'evicted' })
 */
export async function evictIndexedDB(): Promise<void> {
  const factory = indexedDB
  const names = (await factory.databases()).flatMap(({ name }) => name ?? [])
  await Promise.all(
    names.map(
      (name) =>
        new Promise<void>((resolve, reject) => {
          const request = factory.deleteDatabase(name)
          request.onsuccess = () => resolve()
          request.onerror = () => reject(request.error)
        }),
    ),
  )
}
