import { SessionError } from '../base/errors.js'
import { memoryStore } from '../store/memory-store.js'
import type { SessionStore } from '../store/store.js'
import type { StringStore } from '../store/string-store.js'
/**
 * How a store fails.
 *
 * - `works`: not at all.
 * - `unavailable`: whatever is asked of it rejects.
 * - `full`: what is put there rejects; what is there can be read and removed.
 * - `hangs`: whatever is asked of it waits; the next behaviour that is set answers it.
 */
export type StoreBehaviour = 'works' | 'unavailable' | 'full' | 'hangs'

/** The same; `throws`: it fails at once, as `localStorage` does where it is forbidden. */
export type StringsBehaviour = StoreBehaviour | 'throws'

/** Something that fails once it is told to. */
export interface Failing<B extends StringsBehaviour> {
  behaviour: B
}

/**
 * A store that fails as its `behaviour` says, and works as the store beneath it does until then; one in memory by
 * default. For tests only, of apps that hand over a `store`.
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
      new SessionError('ERR_STORE_UNAVAILABLE', 'the test has the store fail: set its behaviour to "works"'),
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
 * The same for what `stringStore` stands on: `localStorage`, an unstorage, or one's own; a map by default.
 *
 * @example
 * const backend = failingStrings(localStorage)
 * const store = stringStore(backend)
 * backend.behaviour = 'full'
 */
export function failingStrings(backend: StringStore = strings()): StringStore & Failing<StringsBehaviour> {
  const fail = new Failure<StringsBehaviour>(
    ['works', 'unavailable', 'full', 'hangs', 'throws'],
    () => new Error('the test has the backend fail: set its behaviour to "works"'),
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

/** What fails as it is told to, with this error. */
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

  /** Does the work, if it may. */
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

/** Strings in a map. */
function strings(): StringStore {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}
