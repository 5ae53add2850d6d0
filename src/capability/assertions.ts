import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { type Ability, allows } from './abilities.js'
import { type Cacao, chainOf, issuerAccount, rootOf } from './cacao.js'
import type { DelegationOptions, Domains, IsRevoked } from './check-options.js'
import { abilitiesOf } from './recap.js'
import { missingResources } from './resources.js'
import { parseDateTime } from './schema.js'
import { expiryTime } from './validity.js'

/**
 * Throws `ERR_CAPABILITY_DELEGATED` for a capability that a session's key delegated, unless that is allowed, over so many
 * links, for so long. A key that a script can use for a moment can sign a link for a key of the script's own.
 */
export function assertDelegation(cacao: Cacao, delegation: DelegationOptions | false): void {
  const [, ...delegated] = chainOf(cacao)
  if (delegated.length === 0) return
  if (!delegation)
    throw refused(
      'DELEGATED',
      'a session key delegated it, and the `delegation` option does not allow that here',
    )
  const { maxLinks, maxSecs } = delegation
  if (delegated.length >= maxLinks)
    throw refused(
      'DELEGATED',
      `its chain has ${delegated.length + 1} links, and here at most ${maxLinks} are allowed`,
    )
  if (maxSecs === undefined) return
  for (const link of delegated) {
    const lifetime = expiryTime(link) - (parseDateTime(link.p.iat) ?? Number.NaN)
    // Written so that a lifetime that is no number is refused.
    if (!(lifetime <= maxSecs * 1000))
      throw refused(
        'DELEGATED',
        `it was delegated for longer than the ${maxSecs} seconds that are allowed here`,
      )
  }
}

/** Throws `ERR_CAPABILITY_ISSUER` unless the account granted the capability, or what it was delegated from. */
export function assertIssuer(cacao: Cacao, account: string): void {
  if (issuerAccount(cacao) !== account)
    throw refused('ISSUER', `it was granted by ${rootOf(cacao).p.iss}, not by ${account}`)
}

/** Throws `ERR_CAPABILITY_AUDIENCE` unless the capability was granted to the key. */
export function assertAudience({ p }: Cacao, audience: string): void {
  if (p.aud !== audience) throw refused('AUDIENCE', `it was granted to ${p.aud}, not to ${audience}`)
}

/** Throws `ERR_CAPABILITY_NONCE` unless what the wallet signed has the nonce: a session's key could sign any. */
export function assertNonce(cacao: Cacao, nonce: string): void {
  if (rootOf(cacao).p.nonce !== nonce) throw refused('NONCE', 'its nonce is not the one that was asked for')
}

/** Throws `ERR_CAPABILITY_RESOURCES` unless every one of the resources is covered. */
export function assertResources({ p }: Cacao, resources: readonly string[]): void {
  const missing = missingResources(p.resources ?? [], resources)
  if (missing.length > 0) throw refused('RESOURCES', `it does not cover ${missing.join(', ')}`)
}

/** Throws `ERR_CAPABILITY_RESOURCES` unless the capability has a ReCap that allows it. */
export function assertAbility({ p }: Cacao, wanted: Ability): void {
  if (!allows(abilitiesOf(p) ?? {}, wanted))
    throw refused('RESOURCES', `it does not allow ${wanted.ability} for ${wanted.resource}`)
}

/**
 * Rejects with `ERR_CAPABILITY_DOMAIN` unless the wallet signed it on one of the domains, or on one of which the function
 * says `true`. What that throws counts as a refusal, too.
 */
export async function assertDomain(cacao: Cacao, domains: Domains): Promise<void> {
  const { domain } = rootOf(cacao).p
  let isAccepted: boolean
  try {
    isAccepted = typeof domains === 'function' ? (await domains(domain)) === true : domains.includes(domain)
  } catch (cause) {
    throw refused('DOMAIN', `whether sign-ins on ${domain} are accepted could not be found out`, cause)
  }
  if (!isAccepted) throw refused('DOMAIN', `it was signed on ${domain}, which is not accepted here`)
}

/**
 * Rejects with `ERR_CAPABILITY_REVOKED` unless `isRevoked` says `false` of the capability and of all those that it was
 * delegated from, or with the `SessionError` that says why it can't tell, such as `ERR_STORE_UNAVAILABLE`.
 */
export async function assertNotRevoked(cacao: Cacao, isRevoked: IsRevoked): Promise<void> {
  let isStillGood: boolean
  try {
    const answers = await Promise.all(chainOf(cacao).map(async (link) => isRevoked(link)))
    isStillGood = answers.every((answer) => answer === false)
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    throw refused('REVOKED', 'whether it was revoked could not be found out', cause)
  }
  if (!isStillGood) throw refused('REVOKED', 'it was revoked: sign in again')
}

type Refusal = SessionErrorCode extends infer Code
  ? Code extends `ERR_CAPABILITY_${infer Name}`
    ? Name
    : never
  : never

function refused(code: Refusal, why: string, cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(`ERR_CAPABILITY_${code}`, `the capability is refused: ${why}`, options)
}
