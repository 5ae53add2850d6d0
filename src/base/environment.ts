import { functionOption, type ReadValue } from './options.js'

// What the code runs in. Functions ask when they need to know, never on import: a server that renders pages has none of a page's globals.

/**
 * Whether this code runs in one person's browser: in a page, or in a web worker. The workers of Cloudflare and Deno have the
 * same globals, but serve everybody.
 */
export function isBrowser(): boolean {
  return typeof document !== 'undefined' || isWebWorker()
}

/**
 * Whether there is storage of one person's own, in which sessions are kept by default. A browser that refuses IndexedDB
 * still has the global, so the answer is true there.
 */
export function hasOwnStorage(): boolean {
  return 'indexedDB' in globalThis || isBrowser()
}

function isWebWorker(): boolean {
  const scope = globalThis as typeof globalThis & {
    WorkerGlobalScope?: new () => object
    location?: unknown
    Deno?: unknown
  }
  const { WorkerGlobalScope, Deno, location, navigator } = scope
  if (typeof WorkerGlobalScope !== 'function' || !(globalThis instanceof WorkerGlobalScope)) return false
  return location !== undefined && Deno === undefined && navigator?.userAgent !== 'Cloudflare-Workers'
}

/**
 * The page's `localStorage`; `undefined` in workers, which have none, and in Node, whose own is not a page's. Throws where
 * the browser forbids access to it.
 */
export function pageStorage(): Storage | undefined {
  return typeof document === 'undefined' ? undefined : globalThis.localStorage
}

/** A clock: a function that returns the current time in milliseconds since 1970, as `Date.now` does. */
export type Clock = () => number

/** The clock of the system. */
export const systemClock: Clock = () => Date.now()

/** Reads an option that is a clock. */
export const clockOption: ReadValue<Clock> = functionOption(
  'a function that gives milliseconds since 1970, as Date.now does',
)

/** The longest delay of a timer in milliseconds, almost 25 days: a timer with a longer one fires at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1

/**
 * A clock that never goes back: while `now` is set back, it returns the latest time that it has returned before. Returns NaN
 * whenever `now` does.
 */
export function latestTime(now: Clock): Clock {
  let latest = Number.NEGATIVE_INFINITY
  return () => {
    const time = now()
    if (time > latest) latest = time
    return Number.isNaN(time) ? time : latest
  }
}

/** Settles as the promise does, or resolves with `undefined` after `ms` milliseconds, or the longest that a timer can take. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS), undefined)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
