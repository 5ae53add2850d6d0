import type { SessionErrorCode } from '../base/errors.js'
import type { Clock } from '../base/time.js'

// A person's clock may be wrong by minutes or hours. What a server says of its own is believed for the times of the requests to
// that server, within a bound, and for nothing else: when a capability expires is judged by the person's clock.

const MOST_MS = 86_400_000
// A `Date` has whole seconds, so what differs by less isn't known.
const LEAST_MS = 1000

const differences = new WeakMap<Clock, Map<string, number>>()

/** The time at a server, in milliseconds since 1970: the clock's, corrected by what the server has said of its own. */
export function timeAt(origin: string, now: Clock): number {
  return now() + (differences.get(now)?.get(origin) ?? 0)
}

/**
 * Corrects the clock for an origin that has refused a request as stale, by the `Date` of its answer. Returns whether that changes
 * anything: not if the answer has no date, if the clocks are at one, or if they differ by more than a day, because then the
 * server could have requests signed for a time long after.
 */
export function correctClock(origin: string, now: Clock, { headers }: Response): boolean {
  const local = now()
  const difference = Date.parse(headers.get('date') ?? '') - local
  const known = differences.get(now) ?? new Map<string, number>()
  const change = Math.abs(difference - (known.get(origin) ?? 0))
  // Written so that NaN changes nothing.
  if (!(Math.abs(difference) <= MOST_MS && change >= LEAST_MS)) return false
  known.set(origin, difference)
  differences.set(now, known)
  return true
}

const CHALLENGE = /^CACAO error="(ERR_\w+)"/

/** Whether a response is the refusal of a signed request with this code. */
export async function isRefusal(response: Response, code: SessionErrorCode): Promise<boolean> {
  if (response.status !== 401) return false
  const challenge = CHALLENGE.exec(response.headers.get('www-authenticate') ?? '')
  if (challenge) return challenge[1] === code
  // A gateway may rename the header, and a page of another origin may not see it.
  if (!response.headers.get('content-type')?.startsWith('application/json')) return false
  const said: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return (said as { readonly code?: unknown } | null | undefined)?.code === code
}
