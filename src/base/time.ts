import { functionOption, type ReadValue } from './options.js'
/** A clock: gives the present as milliseconds since 1970, as `Date.now` does. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

export const clockOption: ReadValue<Clock> = functionOption(
  'a function that gives milliseconds since 1970, as Date.now does',
)

/**
 * A clock that never goes back: it stays at the latest time that the other one has shown, until that shows a later one. NaN where
 * the other clock gives it.
 */
export function latestTime(now: Clock): Clock {
  let latest = Number.NEGATIVE_INFINITY
  return () => {
    const time = now()
    if (time > latest) latest = time
    return Number.isNaN(time) ? time : latest
  }
}

/** Milliseconds that a timer can wait for: almost 25 days. A longer one would be over at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1

/** What the promise gives, or `undefined` once `ms` milliseconds have passed. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
