import type { Clock } from '../base/environment.js'
import { toHex } from '../base/hex.js'
import {
  booleanOption,
  check,
  functionOption,
  type ReadersOf,
  readOptions,
  required,
  setting,
} from '../base/options.js'
import type { ReplayStore } from '../http/replay.js'
import { type TestClock, testClock } from './fake-clock.js'

/** A test case: one thing that a store must do. */
export interface StoreCase {
  readonly name: string
  /** Rejects if the store fails. The error says what was expected, and what the store returned. */
  run(): Promise<void>
}

/** How the cases open the stores that they test. */
export interface StoreCasesOptions<Store> {
  /**
   * Opens a store with this clock. Each call stands for another server, so all stores must see the same data. Each case
   * uses new ids and accounts, so you need not remove data between the cases.
   */
  open(options: { now: Clock }): Store | Promise<Store>
  /**
   * Whether all opened stores see the same data; true by default. Pass `false` for a store in the memory of one
   * process.
   */
  isShared?: boolean
  /**
   * Opens a store that can't reach its data, for example because its database is not running. Without it, these cases
   * are left out.
   */
  openBroken?(): Store | Promise<Store>
}

export const MINUTE_MS: number = 60_000

/**
 * Reads the options of the cases. With a misspelt `openBroken`, the cases of a store that can't reach its data would be
 * left out without a word, so a name that does not exist is a `TypeError`, as a wrong value is.
 */
export function casesOptions<Store>(options: StoreCasesOptions<Store>): StoreCasesOptions<Store> {
  const readers: ReadersOf<StoreCasesOptions<Store>> = {
    open: required(functionOption('a function that opens a store')),
    isShared: setting(booleanOption),
    openBroken: check(functionOption('a function that opens a store that is out of order')),
  }
  return readOptions<StoreCasesOptions<Store>>(options, readers)
}

/**
 * Returns test cases for a `ReplayStore` of your own, one for each thing that such a store must do. A store that fails
 * one of them could accept a request twice, or refuse new requests. They work with every test runner. Throws a
 * `TypeError` for a wrong option.
 *
 * @example
 * const cases = replayStoreCases({ open: ({ now }) => myReplay(database, { now }) })
 * for (const { name, run } of cases) test(`my store ${name}`, run)
 */
export function replayStoreCases(options: StoreCasesOptions<ReplayStore>): StoreCase[] {
  const { open, isShared = true, openBroken } = casesOptions(options)
  const withClock = (work: (store: ReplayStore, clock: TestClock) => Promise<void>) => async () => {
    const clock = testClock()
    await work(await open({ now: clock.now }), clock)
  }
  const soon = (clock: TestClock): number => clock.now() + MINUTE_MS
  const cases: StoreCase[] = [
    {
      name: 'returns true for the first use of an id, and false for every other use',
      run: withClock(async (store, clock) => {
        const [one, other] = [newId(), newId()]
        await answers(store, one, soon(clock), true)
        await answers(store, one, soon(clock), false)
        await answers(store, one, soon(clock) + MINUTE_MS, false)
        await answers(store, other, soon(clock), true)
      }),
    },
    {
      name: 'returns true for only one of many uses at the same time',
      run: withClock(async (store, clock) => {
        const [id, end] = [newId(), soon(clock)]
        const all = await Promise.all(Array.from({ length: 50 }, async () => store.use(id, end)))
        equal(all.filter((answer) => answer === true).length, 1, 'the uses that returned true')
      }),
    },
    {
      name: 'distinguishes ids that differ in any character',
      run: withClock(async (store, clock) => {
        const id = newId()
        const others = [
          '',
          'a',
          'A',
          ' ',
          ' a',
          "'",
          '"; --',
          '%',
          '_',
          '\\',
          ':',
          '\u00e9',
          'e\u0301',
          '\n',
          '\0',
          'x'.repeat(2000),
        ]
        for (const other of others) await answers(store, id + other, soon(clock), true)
        for (const other of others) await answers(store, id + other, soon(clock), false)
      }),
    },
    {
      name: 'remembers an id until one millisecond before it expires',
      run: withClock(async (store, clock) => {
        const [id, end] = [newId(), soon(clock)]
        await answers(store, id, end, true)
        clock.set(end - 1)
        await answers(store, id, end, false)
        await answers(store, newId(), end, true)
      }),
    },
    {
      name: 'returns false for an id that has expired, even if it was never used',
      run: withClock(async (store, clock) => {
        const [id, end] = [newId(), soon(clock)]
        await answers(store, id, end, true)
        clock.set(end)
        await answers(store, id, end, false)
        await answers(store, newId(), end, false)
        await answers(store, newId(), clock.now() - 1, false)
      }),
    },
    {
      name: 'returns false for an id that had expired before the clock was set back',
      run: withClock(async (store, clock) => {
        const [id, start] = [newId(), clock.now()]
        await answers(store, id, start + MINUTE_MS, true)
        clock.set(start + 2 * MINUTE_MS)
        await answers(store, newId(), start + 4 * MINUTE_MS, true)
        clock.set(start)
        await answers(store, id, start + MINUTE_MS, false)
        await answers(store, newId(), start + MINUTE_MS, false)
      }),
    },
    {
      name: 'never returns true if the expiry is not finite, or if the clock returns NaN',
      run: async () => {
        const clock = testClock()
        const store = await open({ now: clock.now })
        for (const end of [Number.NaN, Number.POSITIVE_INFINITY])
          await isNeverTrue(async () => store.use(newId(), end), `use with expiresAt ${end}`)
        const timeless = await open({ now: () => Number.NaN })
        await isNeverTrue(async () => timeless.use(newId(), soon(clock)), 'use with a clock that returns NaN')
      },
    },
    {
      name: 'remembers the ids that another server has used',
      run: withClock(async (store, clock) => {
        const other = await open({ now: clock.now })
        const ids = Array.from({ length: 20 }, newId)
        const all = await Promise.all(
          ids.flatMap((id) =>
            [store, other].map(async ({ use }, i) => use.call([store, other][i], id, soon(clock))),
          ),
        )
        equal(all.filter((answer) => answer === true).length, ids.length, 'the uses that returned true')
      }),
    },
  ]
  return [
    ...(isShared ? cases : cases.slice(0, -1)),
    ...brokenCases(openBroken, {
      use: (store) => store.use(newId(), testClock().now() + MINUTE_MS),
    }),
  ]
}

/** Returns a case for each of these calls. A store that can't reach its data must reject each of them. */
export function brokenCases<Store>(
  open: (() => Store | Promise<Store>) | undefined,
  calls: Readonly<Record<string, (store: Store) => unknown>>,
): StoreCase[] {
  if (!open) return []
  return Object.entries(calls).map(([name, call]) => ({
    name: `rejects ${name} while its data can't be reached`,
    run: async () => {
      const store = await open()
      await rejects(async () => call(store), `${name} of a store that can't reach its data`)
    },
  }))
}

/** Throws unless both values are the same. */
export function equal(answer: unknown, wanted: unknown, what: string): void {
  if (answer !== wanted) throw new Error(`${what}: expected ${String(wanted)}, but got ${String(answer)}`)
}

/** Rejects unless the call rejects or throws. */
export async function rejects(call: () => Promise<unknown>, what: string): Promise<void> {
  const [answer] = await Promise.allSettled([call()])
  if (answer.status === 'fulfilled')
    throw new Error(`${what}: expected a rejection, but got ${String(answer.value)}`)
}

let count = 0
const newId = (): string => `${toHex(crypto.getRandomValues(new Uint8Array(16)))} ${count++}`

async function answers(store: ReplayStore, id: string, expiresAt: number, wanted: boolean): Promise<void> {
  equal(await store.use(id, expiresAt), wanted, `use of ${JSON.stringify(id.slice(0, 50))}`)
}

async function isNeverTrue(call: () => Promise<unknown>, what: string): Promise<void> {
  const [answer] = await Promise.allSettled([call()])
  if (answer.status === 'fulfilled' && answer.value !== false)
    throw new Error(`${what}: expected false or a rejection, but got ${String(answer.value)}`)
}
