import { SessionError } from '../base/errors.js'
import { memoryStore } from '../store/memory-store.js'
import type { SessionStore } from '../store/store.js'
import type { StringStore } from '../store/string-store.js'

/**
 * How a store behaves.
 *
 * - `works`: it does not fail.
 * - `unavailable`: every call rejects.
 * - `full`: writing rejects; reading and removing still work.
 * - `hangs`: every call waits until the next behaviour is set, and then acts by that behaviour.
 */
export type StoreBehaviour = 'works' | 'unavailable' | 'full' | 'hangs'

/** A `StoreBehaviour`, or `throws`: every call throws synchronously, like `localStorage` where it is forbidden. */
export type StringsBehaviour = StoreBehaviour | 'throws'

/** A store or a backend that fails when a test sets its `behaviour`. */
export interface Failing<B extends StringsBehaviour> {
  behaviour: B
}

/**
 * Wraps a store (by default a store in memory) and makes it fail as its `behaviour` says. At first it works. Use it in
 * tests of apps that pass a `store`.
 *
 * @example
 * const store = failingStore()
 * store.behaviour = 'unavailable'
 * await DIDSession.get(account, auth, { resources, store }) // rejects with ERR_STORE_UNAVAILABLE; no prompt
 */
export function failingStore(store: SessionStore = memoryStore()): SessionStore & Failing<StoreBehaviour> {
  const fail = new Failure<StoreBehaviour>(
    ['works', 'unavailable', 'full', 'hangs'],
    () =>
      new SessionError(
        'ERR_STORE_UNAVAILABLE',
        'the behaviour of the failing store makes it fail: set it to "works"',
      ),
  )
  return {
    persistence: store.persistence,
    ...(store.keeps && { keeps: store.keeps }),
    ...(store.writableByOthers && { writableByOthers: true }),
    get behaviour() {
      return fail.behaviour
    },
    set behaviour(next) {
      fail.behaviour = next
    },
    read: (...args) => fail.do('other', () => store.read(...args)),
    readKey: (...args) => fail.do('other', () => store.readKey(...args)),
    readLast: (...args) => fail.do('other', () => store.readLast(...args)),
    write: (...args) => fail.do(args[1].put?.length ? 'put' : 'other', () => store.write(...args)),
  }
}

/**
 * Wraps the backend of a `stringStore`, such as `localStorage` or unstorage (by default a map in memory), and makes it
 * fail as its `behaviour` says. At first it works.
 *
 * @example
 * const backend = failingStrings(localStorage)
 * const store = stringStore(backend)
 * backend.behaviour = 'full'
 */
export function failingStrings(
  backend: StringStore = memoryStrings(),
): StringStore & Failing<StringsBehaviour> {
  const fail = new Failure<StringsBehaviour>(
    ['works', 'unavailable', 'full', 'hangs', 'throws'],
    () => new Error('the behaviour of the failing backend makes it fail: set it to "works"'),
  )
  return {
    get behaviour() {
      return fail.behaviour
    },
    set behaviour(next) {
      fail.behaviour = next
    },
    ...(backend.writableByOthers && { writableByOthers: true }),
    getItem: (key) => fail.do('other', () => backend.getItem(key)),
    setItem: (key, value) => fail.do('put', () => backend.setItem(key, value)),
    removeItem: (key) => fail.do('other', () => backend.removeItem(key)),
  }
}

/** Does work, or fails with the given error, as its behaviour says. */
class Failure<B extends StringsBehaviour> {
  readonly #known: readonly B[]
  readonly #error: () => Error
  #behaviour: B
  #waiting: (() => void)[] = []

  constructor(known: readonly [B, ...B[]], error: () => Error) {
    this.#known = known
    this.#behaviour = known[0]
    this.#error = error
  }

  get behaviour(): B {
    return this.#behaviour
  }

  set behaviour(next: B) {
    if (!this.#known.includes(next)) throw new TypeError(`behaviour must be one of ${this.#known.join(', ')}`)
    this.#behaviour = next
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Does the work unless the behaviour makes it fail. */
  do<T>(kind: 'put' | 'other', work: () => T): T | Promise<Awaited<T>> {
    const behaviour: StringsBehaviour = this.#behaviour
    if (behaviour === 'hangs') return this.#later(kind, work)
    if (behaviour === 'throws') throw this.#error()
    if (behaviour === 'unavailable' || (behaviour === 'full' && kind === 'put'))
      return Promise.reject(this.#error())
    return work()
  }

  async #later<T>(kind: 'put' | 'other', work: () => T): Promise<Awaited<T>> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return await this.do(kind, work)
  }
}

/** A backend in memory. */
function memoryStrings(): StringStore {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}
