import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { storeFailure } from '../base/store-answer.js'
import { type Cacao, chainOf, expiryTime, issuerAccount, parseDateTime, rootOf } from './cacao.js'
import type { DelegationOptions, Domains, Revocation } from './check-options.js'
import { abilitiesOf } from './recap.js'
import { type Ability, allows, missingResources } from './resources.js'

// The checks of a capability's content. Each throws or rejects with one `ERR_CAPABILITY_…`.

/**
 * Throws `ERR_CAPABILITY_DELEGATED` for a capability that a session key delegated, unless `delegation` allows a chain
 * of this length and delegated capabilities of this lifetime. Delegation is refused by default, because a script that
 * can use the session key for a moment can delegate to a key of its own.
 */
export function assertDelegation(cacao: Cacao, delegation: DelegationOptions | false): void {
  const [, ...delegated] = chainOf(cacao)
  if (delegated.length === 0) return
  if (!delegation)
    throw capabilityRefused(
      'DELEGATED',
      'a session key delegated it, which the option `delegation` does not allow here',
    )
  const { maxLinks, maxSecs } = delegation
  if (delegated.length >= maxLinks)
    throw capabilityRefused(
      'DELEGATED',
      `its chain has ${delegated.length + 1} links, and the option \`delegation\` allows at most ${maxLinks}`,
    )
  if (maxSecs === undefined) return
  for (const link of delegated) {
    const lifetime = expiryTime(link) - (parseDateTime(link.p.iat) ?? Number.NaN)
    // Negated, so that NaN is refused.
    if (!(lifetime <= maxSecs * 1000))
      throw capabilityRefused(
        'DELEGATED',
        `it was delegated for longer than the ${maxSecs} seconds that the option \`delegation\` allows`,
      )
  }
}

/**
 * Throws `ERR_CAPABILITY_ISSUER` unless the account granted the capability or, if it was delegated, the root of its
 * chain.
 */
export function assertIssuer(cacao: Cacao, account: string): void {
  if (issuerAccount(cacao) !== account)
    throw capabilityRefused('ISSUER', `it was granted by ${rootOf(cacao).p.iss}, not by ${account}`)
}

/** Throws `ERR_CAPABILITY_AUDIENCE` unless the capability was granted to the key. */
export function assertAudience({ p }: Cacao, audience: string): void {
  if (p.aud !== audience)
    throw capabilityRefused('AUDIENCE', `it was granted to ${p.aud}, not to ${audience}`)
}

/**
 * Throws `ERR_CAPABILITY_NONCE` unless the capability that the wallet signed has the nonce. The nonces of delegated
 * capabilities are not checked, because a session key can sign any nonce.
 */
export function assertNonce(cacao: Cacao, nonce: string): void {
  if (rootOf(cacao).p.nonce !== nonce) throw capabilityRefused('NONCE', 'its nonce is not the expected one')
}

/** Throws `ERR_CAPABILITY_RESOURCES` unless the capability covers all of the resources. */
export function assertResources(
  { p: { resources: granted = [] } }: Cacao,
  resources: readonly string[],
): void {
  const missing = missingResources(granted, resources)
  if (missing.length > 0)
    throw capabilityRefused('RESOURCES', `it does not cover ${fewOf(missing)}; it covers ${fewOf(granted)}`)
}

// Enough to see the mistake, but not enough to fill a log.
const MOST_NAMED = 5
const MOST_CHARACTERS = 200

function fewOf(resources: readonly string[]): string {
  if (resources.length === 0) return 'nothing'
  const named = resources
    .slice(0, MOST_NAMED)
    .map((uri) => (uri.length > MOST_CHARACTERS ? `${uri.slice(0, MOST_CHARACTERS)}…` : uri))
  const others = resources.length - named.length
  return [...named, ...(others > 0 ? [`${others} others`] : [])].join(', ')
}

/** Throws `ERR_CAPABILITY_RESOURCES` unless the capability has a ReCap that grants the ability. */
export function assertAbility({ p }: Cacao, wanted: Ability, oneClickAuth = false): void {
  if (!allows(abilitiesOf(p, oneClickAuth) ?? {}, wanted))
    throw capabilityRefused('RESOURCES', `it does not grant ${wanted.ability} for ${wanted.resource}`)
}

/**
 * Rejects with `ERR_CAPABILITY_DOMAIN` unless the wallet signed the capability on one of the domains, or on a domain
 * for which the function returns `true`. Also rejects with this code if the function throws.
 */
export async function assertDomain(cacao: Cacao, domains: Domains): Promise<void> {
  const { domain } = rootOf(cacao).p
  let isAccepted: boolean
  try {
    isAccepted = typeof domains === 'function' ? (await domains(domain)) === true : domains.includes(domain)
  } catch (cause) {
    throw capabilityRefused(
      'DOMAIN',
      `the function \`domains\` threw an error for ${domain}: see the cause`,
      cause,
    )
  }
  if (!isAccepted)
    throw capabilityRefused(
      'DOMAIN',
      `it was signed on ${domain}, which the option \`domains\` does not accept`,
    )
}

/**
 * Rejects with `ERR_CAPABILITY_REVOKED` unless `revocation.isRevoked` returns `false` for the capability and for every
 * capability that it was delegated from, and with `ERR_STORE_UNAVAILABLE` if that can't be found out: then nobody should
 * have to sign in again.
 */
export async function assertNotRevoked(cacao: Cacao, revocation: Revocation): Promise<void> {
  let isValid: boolean
  try {
    const answers = await Promise.all(chainOf(cacao).map(async (link) => revocation.isRevoked(link)))
    isValid = answers.every((answer) => answer === false)
  } catch (cause) {
    throw storeFailure('the revocation store', cause)
  }
  if (!isValid) throw capabilityRefused('REVOKED', 'it was revoked: sign in again')
}

type ErrorName = SessionErrorCode extends infer Code
  ? Code extends `ERR_CAPABILITY_${infer Name}`
    ? Name
    : never
  : never

function capabilityRefused(name: ErrorName, reason: string, cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(`ERR_CAPABILITY_${name}`, `the capability is refused: ${reason}`, options)
}
