import { SessionError } from '../base/errors.js'
import type { Cacao } from './cacao.js'
import { parseDateTime } from './schema.js'

/** Seconds by which the clock of another machine may be ahead. Applies to `iat` and `nbf`; `exp` is exact. */
export const DEFAULT_CLOCK_SKEW_SECS = 300

/** Whether a capability may be used at a given time. */
export type Validity = 'valid' | 'expired' | 'not-yet-valid'

/** When the capability expires, in milliseconds since 1970; `Infinity` without `exp`. */
export function expiryTime({ p }: Pick<Cacao, 'p'>): number {
  return p.exp === undefined ? Number.POSITIVE_INFINITY : instant(p.exp)
}

/** When the capability becomes valid, in milliseconds since 1970: at the later of `iat` and `nbf`. */
export function startTime({ p: { iat, nbf = iat } }: Pick<Cacao, 'p'>): number {
  return Math.max(instant(iat), instant(nbf))
}

/** Whether the capability is valid at `now` (milliseconds since 1970). */
export function validityAt(
  cacao: Pick<Cacao, 'p'>,
  now: number,
  clockSkewSecs: number = DEFAULT_CLOCK_SKEW_SECS,
): Validity {
  // Written so that a clock that gives NaN makes nothing valid.
  if (!(now < expiryTime(cacao))) return 'expired'
  return startTime(cacao) <= now + clockSkewSecs * 1000 ? 'valid' : 'not-yet-valid'
}

/**
 * Throws `ERR_CAPABILITY_EXPIRED` or `ERR_CAPABILITY_NOT_YET_VALID` unless the capability is valid at `now` (milliseconds since
 * 1970).
 */
export function assertValidAt(cacao: Pick<Cacao, 'p'>, now: number, clockSkewSecs?: number): void {
  const validity = validityAt(cacao, now, clockSkewSecs)
  if (validity === 'expired') {
    throw new SessionError(
      'ERR_CAPABILITY_EXPIRED',
      `the capability expired at ${cacao.p.exp ?? 'an unknown time'}: sign in again`,
    )
  }
  if (validity === 'not-yet-valid') {
    throw new SessionError(
      'ERR_CAPABILITY_NOT_YET_VALID',
      `the capability is valid only from ${cacao.p.nbf ?? cacao.p.iat} on: check the clock of this machine`,
    )
  }
}

// The guard accepts only dates that can be parsed. NaN would make the capability neither valid nor expired, so it is refused.
function instant(dateTime: string): number {
  return parseDateTime(dateTime) ?? Number.NaN
}
