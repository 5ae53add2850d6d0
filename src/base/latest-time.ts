import type { Clock } from './clock.js'

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
