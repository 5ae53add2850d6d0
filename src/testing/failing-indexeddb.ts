import { type Repair, repair, replace } from './replace.js'

/** A factory like the real one, but for these methods. What was opened through the real one counts for another. */
function standIn(real: IDBFactory, methods: Partial<IDBFactory>): IDBFactory {
  return {
    open: (...args) => real.open(...args),
    deleteDatabase: (name) => real.deleteDatabase(name),
    databases: () => real.databases(),
    cmp: (first, second) => real.cmp(first, second),
    ...methods,
  }
}

/** Holds back every request to open or delete a database; `letGo` sends them on. */
function hangingFactory(real: IDBFactory): { readonly factory: IDBFactory; letGo(): void } {
  let isLetGo = false
  const waiting: (() => void)[] = []
  const held = (send: () => IDBOpenDBRequest): IDBOpenDBRequest => {
    if (isLetGo) return send()
    const request = new HeldRequest()
    waiting.push(() => request.send(send()))
    // What IndexedDB's users look at, its classes included.
    return Object.setPrototypeOf(request.face, IDBOpenDBRequest.prototype)
  }
  return {
    factory: standIn(real, {
      open: (...args) => held(() => real.open(...args)),
      deleteDatabase: (name) => held(() => real.deleteDatabase(name)),
    }),
    letGo() {
      isLetGo = true
      for (const send of waiting.splice(0)) send()
    },
  }
}

const EVENTS = ['success', 'error', 'blocked', 'upgradeneeded'] as const

/** A request that was not sent yet; then all that is asked of it is asked of the real one. */
class HeldRequest {
  #real: IDBOpenDBRequest | undefined
  readonly #calls: ((real: IDBOpenDBRequest) => void)[] = []

  /** What whoever asked holds in hands. */
  readonly face: object = {}

  constructor() {
    const call = (name: 'addEventListener' | 'removeEventListener') => ({
      value: (...args: Parameters<IDBOpenDBRequest['addEventListener']>) =>
        this.#tell((real) => real[name](...args)),
    })
    const read = (
      name: 'result' | 'error' | 'source' | 'transaction' | 'readyState',
      otherwise?: unknown,
    ) => ({
      get: () => (this.#real ? this.#real[name] : otherwise),
    })
    Object.defineProperties(this.face, {
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

  /** Has the real request take over. */
  send(real: IDBOpenDBRequest): void {
    this.#real = real
    for (const tell of this.#calls.splice(0)) tell(real)
  }

  #tell(what: (real: IDBOpenDBRequest) => void): void {
    if (this.#real) what(this.#real)
    else this.#calls.push(what)
  }

  #defineHandler(name: `on${(typeof EVENTS)[number]}`): void {
    let handler: unknown = null
    Object.defineProperty(this.face, name, {
      get: () => handler,
      set: (value: unknown) => {
        handler = value
        this.#tell((real) => {
          Object.assign(real, { [name]: handler })
        })
      },
    })
  }
}

/**
 * What browsers do to IndexedDB.
 *
 * - `absent`: there is none, as in some workers and embedded pages.
 * - `forbidden`: the mere look at it throws a `SecurityError`, as where cookies are blocked.
 * - `refuses`: it opens nothing, as in older private windows.
 * - `hangs`: what is opened waits until the repair, as Safari's sometimes does.
 * - `data-clone-error`: keys can't be stored, as in older iOS and Firefox's private windows.
 * - `keys-lost`: keys are stored as empty objects, as in WebKit's shared workers.
 * - `full`: nothing can be stored, for want of space.
 * - `connection-lost`: open connections fail, as Safari's do after a while in the background.
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

/** How often IndexedDB fails. */
export interface FailingIndexedDBOptions {
  /** How often it fails before it works again, for `data-clone-error`, `keys-lost` and `connection-lost`; always by default. */
  times?: number
}

/**
 * Has this page's own IndexedDB fail in a way that is known of browsers, until the repair that it gives. What is stored
 * stays. For tests only; where there is no IndexedDB, as in Node, with a stand-in such as `fake-indexeddb`.
 *
 * The default store waits twice for 2 seconds for a database that hangs: `indexedDBStore({ openTimeoutMs: 50 })` is
 * quicker, or the test runner's own timers.
 *
 * @example
 * const repair = failingIndexedDB('data-clone-error')
 * const session = await DIDSession.get(account, auth, { resources })
 * expect(session.persistence).toBe('memory') // signed in all the same: is the person told that it won't last?
 * repair()
 */
export function failingIndexedDB(
  failure: IndexedDBFailure,
  { times = Number.POSITIVE_INFINITY }: FailingIndexedDBOptions = {},
): Repair {
  let left = times
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
        value: standIn(indexedDB, {
          open: () => {
            throw error('InvalidStateError', 'This database did not allow mutations.')
          },
        }),
      })
    case 'hangs': {
      const { factory, letGo } = hangingFactory(indexedDB)
      const putBack = replaceFactory({ value: factory })
      return repair(() => {
        putBack()
        letGo()
      })
    }
    case 'data-clone-error':
      return aroundPut((value) => {
        if (holdsKey(value) && fails()) throw error('DataCloneError', 'The object can not be cloned.')
        return value
      })
    case 'keys-lost':
      return aroundPut((value) => (holdsKey(value) && fails() ? {} : value))
    case 'full':
      return aroundPut((_, store) => {
        store.transaction.abort()
        throw error('QuotaExceededError', 'The quota has been exceeded.')
      })
    case 'connection-lost':
      return losingConnections(() => {
        if (fails()) throw error('UnknownError', 'Connection to Indexed Database server lost.')
      })
    default:
      throw new TypeError(`failure must be one of the known ones, not ${String(failure)}`)
  }
}

/**
 * Deletes the databases of this origin, as a browser does that runs out of space, or a person who clears the site's
 * data. Resolves once they are gone: connections that don't give way (`versionchange`) are waited for. For tests only.
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

const replaceFactory = (descriptor: PropertyDescriptor): Repair =>
  replace(globalThis, 'indexedDB', descriptor)

function aroundPut(stored: (value: unknown, store: IDBObjectStore) => unknown): Repair {
  const { put, add } = IDBObjectStore.prototype
  let isRepaired = false
  const around = (method: typeof put) =>
    function (this: IDBObjectStore, value: unknown, key?: IDBValidKey): IDBRequest<IDBValidKey> {
      return method.call(this, isRepaired ? value : stored(value, this), key)
    }
  const repairs = [
    replace(IDBObjectStore.prototype, 'put', { value: around(put), writable: true }),
    replace(IDBObjectStore.prototype, 'add', { value: around(add), writable: true }),
  ]
  return repair(() => {
    // Another failure on top of this one still calls it.
    isRepaired = true
    for (const putBack of repairs) putBack()
  })
}

function losingConnections(happens: () => void): Repair {
  const { transaction } = IDBDatabase.prototype
  let isRepaired = false
  const putBack = replace(IDBDatabase.prototype, 'transaction', {
    writable: true,
    value(this: IDBDatabase, ...args: Parameters<typeof transaction>) {
      // The stand-in for Node makes transactions of its own while it opens a new database.
      if (!isRepaired && this.objectStoreNames.length > 0) happens()
      return transaction.apply(this, args)
    },
  })
  return repair(() => {
    isRepaired = true
    putBack()
  })
}

// A key, or an object that holds some, as far down as this library's go.
function holdsKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return value instanceof CryptoKey || Object.values(value).some((member) => member instanceof CryptoKey)
}
