import type { Clock } from '../base/environment.js'

// A person's clock may be wrong by minutes or hours. A server's `Date` corrects the times in requests to that server,
// by at most a day, and nothing else: whether a capability has expired is decided by the person's clock.

const MOST_MS = 86_400_000
// A `Date` header has whole seconds, so a smaller difference can't be measured.
const LEAST_MS = 1000

const differences = new WeakMap<Clock, Map<string, number>>()

/** Whether the clock was ever corrected for a server. Most clocks never are. */
export function isCorrected(now: Clock): boolean {
  return differences.has(now)
}

/**
 * The current time at a server, in milliseconds since 1970: the local clock, corrected by the server's `Date`, if it is
 * known.
 */
export function timeAt(origin: string, now: Clock): number {
  return now() + (differences.get(now)?.get(origin) ?? 0)
}

/**
 * Corrects the clock for an origin that refused a request as stale, by the `Date` of its response. Returns `false`, and
 * changes nothing, if the response has no date, if the clocks agree, or if they differ by more than a day: otherwise a
 * server could obtain requests that are signed for the far future.
 */
export function correctClock(origin: string, now: Clock, { headers }: Response): boolean {
  const local = now()
  const difference = Date.parse(headers.get('date') ?? '') - local
  const known = differences.get(now) ?? new Map<string, number>()
  const change = Math.abs(difference - (known.get(origin) ?? 0))
  // Negated, so that NaN changes nothing.
  if (!(Math.abs(difference) <= MOST_MS && change >= LEAST_MS)) return false
  known.set(origin, difference)
  differences.set(now, known)
  return true
}
