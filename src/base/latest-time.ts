import type { Clock } from './clock.js'

/**
 * A clock that never goes back: it stays at the latest time that the other one has shown, until that shows a later one. With a
 * second clock, which nobody sets, it goes on by that one meanwhile. NaN where the other clock gives it.
 */
export function latestTime(now: Clock, steady: Clock = () => 0): Clock {
  let latest = Number.NEGATIVE_INFINITY
  let seenAt = 0
  return () => {
    const [time, at] = [now(), steady()]
    latest = Math.max(latest + at - seenAt, Number.isNaN(time) ? latest : time)
    seenAt = at
    return Number.isNaN(time) ? time : latest
  }
}
