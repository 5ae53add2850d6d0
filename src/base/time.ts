import { functionOption, type ReadValue } from './options.js'

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
