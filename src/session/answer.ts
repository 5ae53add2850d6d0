import { SessionError } from '../base/errors.js'
import type { AuthMethodOpts } from '../capability/auth-method.js'
import type { Cacao } from '../capability/cacao.js'
import { parentOf, rootOf } from '../capability/chain.js'
import { parseDateTime } from '../capability/datetime.js'
import { DEFAULT_CLOCK_SKEW_SECS, expiryTime } from '../capability/validity.js'

/** What the wallet was asked for, and what of it the caller named rather than left to us. */
export interface Asked {
  readonly opts: AuthMethodOpts
  readonly isTimed: boolean
}

/**
 * Throws unless an auth method has answered what it was asked: for the same site (`ERR_CAPABILITY_DOMAIN`) and resources
 * (`_RESOURCES`), and (`_INVALID`) with no more time, no older date, no later beginning, no other words and no other request
 * id. Less time is no harm. In a delegated capability the words and the request id are not the wallet's, and the time is the
 * parent's where the caller named none.
 */
export function assertAnswered(cacao: Cacao, { opts, isTimed }: Asked, now: number): void {
  const { domain, statement, requestId, resources = [], issuedAt = '', expirationTime = '' } = opts
  const { p } = cacao
  const isDelegated = parentOf(cacao) !== undefined
  const [iat = Number.NaN, askedAt = Number.NaN] = [parseDateTime(p.iat), parseDateTime(issuedAt)]
  // The wallet's machine may have another time, and the person may have thought about it for long.
  const skewMs = DEFAULT_CLOCK_SKEW_SECS * 1000
  if (!(iat >= askedAt - skewMs && iat <= now + skewMs))
    throw answered('INVALID', `is dated ${p.iat}, and it was asked at ${issuedAt}`)
  // Nothing asks for a later beginning; some auth methods name the time at which they ask.
  if (p.nbf !== undefined && !((parseDateTime(p.nbf) ?? Number.NaN) <= Math.max(iat, now)))
    throw answered('INVALID', `counts only from ${p.nbf} on`)
  // Whoever delegates for as long as was asked counts from a clock of their own.
  const latest = (parseDateTime(expirationTime) ?? Number.NaN) + (isDelegated ? skewMs : 0)
  if ((isTimed || !isDelegated) && !(expiryTime(cacao) <= latest))
    throw answered('INVALID', `ends at ${p.exp ?? 'no time'}, later than ${expirationTime}`)
  if (domain !== undefined && rootOf(cacao).p.domain !== domain)
    throw answered('DOMAIN', `is for ${rootOf(cacao).p.domain}, not for ${domain}`)
  if (!areSame(p.resources ?? [], resources))
    throw answered('RESOURCES', 'names other resources than those that were asked for')
  if (isDelegated) return
  // No authenticator shows any words, and those of the did-session family leave them out.
  const isWordless = p.statement === undefined && cacao.s.t.startsWith('webauthn:')
  if (statement !== undefined && p.statement !== statement && !isWordless)
    throw answered('INVALID', 'says other words than those that were asked for')
  if (requestId !== undefined && p.requestId !== requestId)
    throw answered('INVALID', 'has another requestId than the one that was asked for')
}

function answered(code: 'DOMAIN' | 'INVALID' | 'RESOURCES', how: string): SessionError {
  return new SessionError(
    `ERR_CAPABILITY_${code}`,
    `the auth method answered another capability than it was asked for: it ${how}`,
  )
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  const wanted = new Set(others)
  return wanted.size === new Set(some).size && some.every((resource) => wanted.has(resource))
}
