import { type AccountInput, accountArgument } from '../base/account.js'
import { type Clock, systemClock } from '../base/clock.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { type Ability, allows } from './abilities.js'
import { type Cacao, issuerAccount, parseCacao } from './cacao.js'
import { chainOf, rootOf } from './chain.js'
import { abilitiesOf } from './recap.js'
import { missingResources } from './resources.js'
import { assertValidAt, DEFAULT_CLOCK_SKEW_SECS } from './validity.js'
import { type Verifiers, verifySignature } from './verify-signature.js'

/** What a capability must be to be accepted. Whatever is left out is not checked, but for the signature and time. */
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
  /** The domains, with their ports, of the sites whose sign-ins are accepted. */
  domains?: readonly string[]
  /** The nonce that was asked for. */
  nonce?: string
  /** Resources that the capability must cover. */
  resources?: readonly string[]
  /** What it must allow (ReCap, ERC-5573): one ability with one resource, without caveats. */
  ability?: Ability
  /**
   * Says whether a capability was revoked; asked of each in a chain. A rejection, or anything but `false`, counts as a
   * refusal. Know it by its payload, not by its CID: one signature can be written in several ways, and each gives
   * another CID.
   */
  isRevoked?: (cacao: Cacao) => boolean | Promise<boolean>
}

/**
 * Checks everything about a capability from outside and returns it, frozen and typed. Throws one `SessionError`
 * whose code (`ERR_CAPABILITY_…`) names the first check that failed: form, signature, issuer, audience, domain,
 * nonce, time, resources, revocation. What is malformed costs no cryptography.
 *
 * @example
 * const cacao = await verifyCacao(json, { verifiers: ethereumVerifiers(), domains: ['app.example.com'] })
 */
export async function verifyCacao(input: unknown, options: VerifyCacaoOptions): Promise<Cacao> {
  const cacao = parseCacao(input)
  for (const check of capabilityChecks(options)) await check(cacao)
  return cacao
}

/** A check of what has passed the guard; throws or rejects with a `SessionError`. */
export type CapabilityCheck = (cacao: Cacao) => void | Promise<void>

/** The checks that the options ask for, in the order in which they are made. */
export function capabilityChecks(options: VerifyCacaoOptions): CapabilityCheck[] {
  const {
    verifiers,
    now = systemClock,
    clockSkewSecs = DEFAULT_CLOCK_SKEW_SECS,
    audience,
    domains,
    nonce,
    resources,
    ability,
  } = options
  const issuer = options.issuer === undefined ? undefined : accountArgument(options.issuer)
  if (typeof clockSkewSecs !== 'number' || !(clockSkewSecs >= 0))
    throw new TypeError('clockSkewSecs must be a number of seconds')
  if (typeof verifiers !== 'object' || verifiers === null)
    throw new TypeError('verifiers must be an object, such as ethereumVerifiers() gives')
  const checks: CapabilityCheck[] = [(cacao) => verifySignature(cacao, verifiers, now(), clockSkewSecs)]
  if (issuer !== undefined) checks.push((cacao) => assertIssuer(cacao, issuer))
  if (audience !== undefined) checks.push((cacao) => assertAudience(cacao, audience))
  if (domains !== undefined) checks.push((cacao) => assertDomain(cacao, domains))
  if (nonce !== undefined) checks.push((cacao) => assertNonce(cacao, nonce))
  checks.push((cacao) => assertValidAt(cacao, now(), clockSkewSecs))
  if (resources !== undefined) checks.push((cacao) => assertResources(cacao, resources))
  if (ability !== undefined) checks.push((cacao) => assertAbility(cacao, ability))
  const { isRevoked } = options
  if (isRevoked !== undefined) checks.push((cacao) => assertNotRevoked(cacao, isRevoked))
  return checks
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

/** Throws `ERR_CAPABILITY_NONCE` unless the capability has the nonce. */
export function assertNonce({ p }: Cacao, nonce: string): void {
  if (p.nonce !== nonce) throw refused('NONCE', 'its nonce is not the one that was asked for')
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

/** Throws `ERR_CAPABILITY_DOMAIN` unless the capability was signed on one of the domains. */
export function assertDomain({ p }: Cacao, domains: readonly string[]): void {
  if (!domains.includes(p.domain))
    throw refused('DOMAIN', `it was signed on ${p.domain}, which is not accepted here`)
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
