import type { AccountInput } from '../base/account.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import {
  check,
  type OptionReaders,
  type ReadValue,
  readOptions,
  required,
  secondsOption,
  setting,
} from '../base/options.js'
import { type Clock, clockOption, systemClock } from '../base/time.js'
import { type Ability, allows } from './abilities.js'
import { type Cacao, issuerAccount, parseCacao, withRoot } from './cacao.js'
import { chainOf, rootOf } from './chain.js'
import {
  abilityOption,
  accountOption,
  audienceOption,
  type DelegationOptions,
  type Domains,
  delegationOption,
  domainsOption,
  type IsRevoked,
  isRevokedOption,
  nonceOption,
  verifiersOption,
} from './check-options.js'
import { abilitiesOf } from './recap.js'
import { missingResources, resourcesOption } from './resources.js'
import { parseDateTime } from './schema.js'
import { assertValidAt, DEFAULT_CLOCK_SKEW_SECS, expiryTime } from './validity.js'
import { isLasting, type Verifiers, verifySignature } from './verify-signature.js'

/**
 * What a capability must be to be accepted. Signature and time are always checked, and a delegated capability is refused
 * unless `delegation` allows it. Whatever else is left out is not checked; what is named must have a value.
 */
export interface VerifyCacaoOptions {
  /** What the wallet entries give: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** Seconds by which the issuer's clock may run ahead; 300 by default. Applies to `iat` and `nbf`. */
  clockSkewSecs?: number
  /** The account that must have granted it, or what it was delegated from (CAIP-10, or its DID). */
  issuer?: AccountInput
  /** The key that must be allowed to act (did:key). */
  audience?: string
  /** The domains, with their ports, of the sites whose sign-ins are accepted; or a function that says `true` of one. */
  domains?: Domains
  /** The nonce that was asked for: what the wallet signed must have it. */
  nonce?: string
  /** Resources that the capability must cover: at least one. */
  resources?: readonly string[]
  /** What it must allow (ReCap, ERC-5573): one ability with one resource, without caveats. */
  ability?: Ability
  /**
   * Says whether a capability was revoked; asked of each in a chain. A rejection, or anything but `false`, counts as a
   * refusal. Know it by `capabilityIdentity`, not by its CID: one signature can be written in several ways, and each gives
   * another CID.
   */
  isRevoked?: IsRevoked
  /** Accept what a session's key delegated, too, up to so many links. Refused by default. */
  delegation?: DelegationOptions | false
}

/** A capability that was verified, and what the wallet signed. */
export interface VerifiedCacao extends Cacao {
  /**
   * The link of the chain that the wallet signed: this capability itself, unless it was delegated. Nonce, statement and
   * request id are the person's words only there. Not enumerable, as it is no member of a CACAO.
   */
  readonly root: Cacao
}

/**
 * Checks everything about a capability from outside and returns it, frozen and typed. Throws one `SessionError`
 * whose code (`ERR_CAPABILITY_…`) names the first check that failed: form, signature, delegation, issuer, audience, domain,
 * nonce, time, resources, revocation; of a contract account, the signature after the resources. Throws a `TypeError` for options that ask for
 * something else than they should.
 *
 * @example
 * const { root } = await verifyCacao(json, { verifiers: ethereumVerifiers(), domains: ['app.example.com'] })
 */
export async function verifyCacao(input: unknown, options: VerifyCacaoOptions): Promise<VerifiedCacao> {
  return verifyChecked(parseCacao(input), capabilityChecks(options))
}

/**
 * Makes the checks of what has passed the guard. The signature comes first, for without one nothing that it says counts; but
 * a contract account's chain is asked only about what would be accepted otherwise.
 */
export async function verifyChecked(
  cacao: Cacao,
  { content, signature, revocation }: CapabilityChecks,
): Promise<VerifiedCacao> {
  const first = isLasting(cacao) ? [signature, ...content] : [...content, signature]
  for (const assertion of [...first, ...revocation]) await assertion(cacao)
  return withRoot(cacao)
}

/** A check of what has passed the guard; throws or rejects with a `SessionError`. */
type CapabilityCheck = (cacao: Cacao) => void | Promise<void>

/** The options of `verifyCacao` once they were read. */
export interface CapabilityExpectations {
  readonly verifiers: Verifiers
  readonly now: Clock | undefined
  readonly clockSkewSecs: number | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly domains: Domains | undefined
  readonly nonce: string | undefined
  readonly resources: readonly string[] | undefined
  readonly ability: Ability | undefined
  readonly isRevoked: IsRevoked | undefined
  readonly delegation: DelegationOptions | false | undefined
}

// Also endless, for capabilities whose dates another part of a server judges.
const clockSkewOption: ReadValue<number> = (value, name) =>
  value === Number.POSITIVE_INFINITY ? value : secondsOption(value, name)

/** How the options of `verifyCacao` are read, and of whatever takes the same ones. */
export const CAPABILITY_OPTIONS: OptionReaders<CapabilityExpectations> = {
  verifiers: required(verifiersOption),
  now: setting(clockOption),
  clockSkewSecs: setting(clockSkewOption),
  issuer: check(accountOption),
  audience: check(audienceOption),
  domains: check(domainsOption),
  nonce: check(nonceOption),
  resources: check(resourcesOption),
  ability: check(abilityOption),
  isRevoked: check(isRevokedOption),
  delegation: check(delegationOption),
}

/** The checks that options ask for. */
export interface CapabilityChecks {
  /** Of what it says: they cost no cryptography, and ask nobody. */
  readonly content: readonly CapabilityCheck[]
  readonly signature: CapabilityCheck
  readonly revocation: readonly CapabilityCheck[]
}

/** The checks that the options ask for. Throws a `TypeError` for wrong options. */
export function capabilityChecks(options: VerifyCacaoOptions): CapabilityChecks {
  return checksOf(readOptions(options, CAPABILITY_OPTIONS))
}

/** The same of options that were read already. */
export function checksOf({
  verifiers,
  now = systemClock,
  clockSkewSecs = DEFAULT_CLOCK_SKEW_SECS,
  issuer,
  audience,
  domains,
  nonce,
  resources,
  ability,
  isRevoked,
  delegation = false,
}: CapabilityExpectations): CapabilityChecks {
  const content: CapabilityCheck[] = [(cacao) => assertDelegation(cacao, delegation)]
  if (issuer !== undefined) content.push((cacao) => assertIssuer(cacao, issuer))
  if (audience !== undefined) content.push((cacao) => assertAudience(cacao, audience))
  if (domains !== undefined) content.push((cacao) => assertDomain(cacao, domains))
  if (nonce !== undefined) content.push((cacao) => assertNonce(cacao, nonce))
  content.push((cacao) => assertValidAt(cacao, now(), clockSkewSecs))
  if (resources !== undefined) content.push((cacao) => assertResources(cacao, resources))
  if (ability !== undefined) content.push((cacao) => assertAbility(cacao, ability))
  return {
    content,
    signature: (cacao) => verifySignature(cacao, verifiers, now(), clockSkewSecs),
    revocation: isRevoked === undefined ? [] : [(cacao) => assertNotRevoked(cacao, isRevoked)],
  }
}

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
export async function assertNotRevoked(
  cacao: Cacao,
  isRevoked: (cacao: Cacao) => boolean | Promise<boolean>,
): Promise<void> {
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
