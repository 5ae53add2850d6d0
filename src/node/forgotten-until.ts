import type { Clock } from '../base/clock.js'
import { latestTime } from '../base/latest-time.js'

/** Up to which expiry Redis may have forgotten what was used, in milliseconds since 1970. */
export interface ForgottenUntil {
  /** Looks at the clocks, and says. NaN if the clock shows no time. */
  until(): number
  /** Something was used that expires then. */
  used(expiresAt: number): void
}

/**
 * Redis counts the time that is left of a key by a clock of its own. What was used while ours was ahead is forgotten before its
 * time, by ours, once that has gone back: so from then on whatever expires no later than anything used before counts as forgotten.
 * That it went back shows beside a clock that nobody sets; what is within `tolerance` milliseconds needs no remembering, because
 * keys are kept for longer than that.
 */
export function forgottenUntil(
  now: Clock,
  tolerance: number,
  steady: Clock = () => performance.now(),
): ForgottenUntil {
  const latest = latestTime(now)
  let mostAhead = Number.NEGATIVE_INFINITY
  let lastExpiry = Number.NEGATIVE_INFINITY
  let forgotten = Number.NEGATIVE_INFINITY
  return {
    until() {
      const [time, ahead] = [latest(), now() - steady()]
      if (ahead > mostAhead) mostAhead = ahead
      if (ahead < mostAhead - tolerance) {
        forgotten = lastExpiry
        mostAhead = ahead
      }
      return Number.isNaN(ahead) ? ahead : Math.max(time, forgotten)
    },
    used(expiresAt) {
      lastExpiry = Math.max(lastExpiry, expiresAt)
    },
  }
}
