/** A factory like the real one, but for these methods. What was opened through the real one counts for another. */
export function standIn(real: IDBFactory, methods: Partial<IDBFactory>): IDBFactory {
  return {
    open: (...args) => real.open(...args),
    deleteDatabase: (name) => real.deleteDatabase(name),
    databases: () => real.databases(),
    cmp: (first, second) => real.cmp(first, second),
    ...methods,
  }
}

/** Holds back every request to open or delete a database; `letGo` sends them on. */
export function hangingFactory(real: IDBFactory): { readonly factory: IDBFactory; letGo(): void } {
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
