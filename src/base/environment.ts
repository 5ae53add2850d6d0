import { functionOption, type ReadValue } from './options.js'

// Detects the environment. Nothing here runs on import, because a server that renders pages has none of a page's
// globals.

/**
 * Whether this code runs in one person's browser: in a page, or in a web worker. The workers of Cloudflare and Deno
 * have the same globals, but serve many people.
 */
export function isBrowser(): boolean {
  return typeof document !== 'undefined' || isWebWorker()
}

/**
 * Whether there is storage that belongs to one person, where sessions are stored by default. Also `true` in a browser
 * that forbids IndexedDB, because the global exists there.
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
 * The page's `localStorage`; `undefined` in workers, which have none, and in Node, whose `localStorage` is not a
 * page's. Throws if the browser forbids access to it.
 */
export function pageStorage(): Storage | undefined {
  return typeof document === 'undefined' ? undefined : globalThis.localStorage
}

/** A clock: a function that returns the current time in milliseconds since 1970, as `Date.now` does. */
export type Clock = () => number

/** The clock of the system. */
export const systemClock: Clock = () => Date.now()

/** Reads an option that is a clock. */
export const clockOption: ReadValue<Clock> = /* @__PURE__ */ functionOption(
  'a function that returns milliseconds since 1970, like Date.now',
)

/** The longest delay of a timer in milliseconds, almost 25 days: a timer with a longer delay fires at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1

/**
 * Returns a clock that never goes back: if `now` is set back, the clock returns its latest time until `now` has passed
 * that time. Returns NaN whenever `now` does.
 */
export function latestTime(now: Clock): Clock {
  let latest = Number.NEGATIVE_INFINITY
  return () => {
    const time = now()
    if (time > latest) latest = time
    return Number.isNaN(time) ? time : latest
  }
}

/** Settles as the promise does, or resolves with `undefined` after `ms` milliseconds, at most `LONGEST_TIMER_MS`. */
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
