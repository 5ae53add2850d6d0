import type { AccountInput } from '../base/account.js'
import { type Clock, clockOption, systemClock } from '../base/environment.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import {
  booleanOption,
  check,
  type OptionReaders,
  quantityOption,
  type ReadValue,
  readOptions,
  required,
  setting,
} from '../base/options.js'
import {
  assertAbility,
  assertAudience,
  assertDelegation,
  assertDomain,
  assertIssuer,
  assertNonce,
  assertNotRevoked,
  assertResources,
} from './assertions.js'
import {
  assertValidAt,
  type Cacao,
  DEFAULT_CLOCK_SKEW_SECS,
  expiryTime,
  parseDateTime,
  rootOf,
} from './cacao.js'
import {
  abilityOption,
  accountOption,
  audienceOption,
  type DelegationOptions,
  type Domains,
  delegationOption,
  domainsOption,
  nonceOption,
  type Revocation,
  revocationOption,
  verifiersOption,
} from './check-options.js'
import { parseCacao, withRoot } from './parse-cacao.js'
import { type Ability, resourcesOption } from './resources.js'
import { isLasting, type Verifiers, verifySignature } from './verify-signature.js'

/** A capability that was verified. */
export interface VerifiedCacao extends Cacao {
  /**
   * The capability that the wallet signed: this one, unless it was delegated. Only in this one did the person see and sign the
   * nonce, the statement and the request id. Not enumerable, because a CACAO has no such member.
   */
  readonly root: Cacao
}

/**
 * Verifies a capability from outside and returns it, frozen and typed. Rejects with a `SessionError` whose code
 * (`ERR_CAPABILITY_…`) names the first check that failed, in this order: form, signature, delegation, issuer, audience, domain,
 * nonce, time, resources, ability, revocation. The signature of a contract account is verified after the ability. Rejects with
 * a `TypeError` for a wrong option.
 *
 * @example
 * const { root } = await verifyCacao(json, { verifiers: ethereumVerifiers(), domains: ['app.example.com'] })
 */
export async function verifyCacao(input: unknown, options: VerifyCacaoOptions): Promise<VerifiedCacao> {
  return verifyChecked(parseCacao(input), capabilityChecks(options))
}

/**
 * Makes the checks of a capability that has passed the guard. The signature comes first, because without it nothing in the
 * capability can be trusted. For a contract account it comes after the content, so that the chain is not asked in vain.
 */
export async function verifyChecked(
  cacao: Cacao,
  { content, signature, revocation }: CapabilityChecks,
): Promise<VerifiedCacao> {
  const first = isLasting(cacao) ? [signature, ...content] : [...content, signature]
  for (const assertion of [...first, ...revocation]) await assertion(cacao)
  return withRoot(cacao)
}

/**
 * What a capability must fulfil to be accepted. The signature and the time are always checked, and a delegated capability is
 * refused unless `delegation` allows it. Every other check is made only if its option is given. An option that is named must
 * have a value.
 */
export interface VerifyCacaoOptions {
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** Seconds by which the issuer's clock may be ahead; 300 by default. Applies to `iat` and `nbf`. */
  clockSkewSecs?: number
  /** The account that must have granted it, or the root of its chain (CAIP-10, or its DID). */
  issuer?: AccountInput
  /** The key that it must be granted to (did:key). */
  audience?: string
  /** The domains, with their ports, of the sites whose sign-ins are accepted; or a function that returns `true` for them. */
  domains?: Domains
  /** The nonce that was asked for. The capability that the wallet signed must have it. */
  nonce?: string
  /** Resources that the capability must cover; at least one. */
  resources?: readonly string[]
  /** The ability that it must grant for a resource without caveats (ReCap, ERC-5573). */
  ability?: Ability
  /**
   * Says which capabilities were revoked: a `RevocationStore`, or `{ isRevoked }`. It is asked for each capability of a chain.
   * The capability is refused if `isRevoked` rejects or returns anything but `false`. Look the capability up by its
   * `capabilityIdentity`, not by its CID: one signature can be written in several ways, and each has another CID.
   */
  revocation?: Revocation
  /** Accepts capabilities that a session key delegated, up to so many links. Refused by default. */
  delegation?: DelegationOptions | false
  /**
   * Accepts capabilities of the one-click sign-in of WalletConnect and Reown AppKit, whose ReCap names methods of the wallet
   * (`eip155`) instead of URIs. It says who signed in, and grants nothing here: no resources and no abilities. Refused by default.
   * Ask for a `nonce` and your `domains`, because the capability is for no session key.
   */
  oneClickAuth?: boolean
}

/** A check of a capability that has passed the guard. It throws or rejects with a `SessionError`. */
type CapabilityCheck = (cacao: Cacao) => void | Promise<void>

/** The options of `verifyCacao` after they were read. */
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
  readonly revocation: Revocation | undefined
  readonly delegation: DelegationOptions | false | undefined
  readonly oneClickAuth: boolean | undefined
}

// Infinity is accepted too, for servers that check the dates elsewhere.
const clockSkewOption: ReadValue<number> = (value, name) =>
  value === Number.POSITIVE_INFINITY ? value : quantityOption(value, name)

/** The readers of the options of `verifyCacao`, and of functions that take the same ones. */
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
  revocation: check(revocationOption),
  delegation: check(delegationOption),
  oneClickAuth: setting(booleanOption),
}

/** The checks that the options ask for. */
export interface CapabilityChecks {
  /** Checks of the content, which need no cryptography, and no answer from elsewhere except by the caller's functions. */
  readonly content: readonly CapabilityCheck[]
  readonly signature: CapabilityCheck
  readonly revocation: readonly CapabilityCheck[]
}

/** The checks that the options ask for. Throws a `TypeError` for wrong options. */
function capabilityChecks(options: VerifyCacaoOptions): CapabilityChecks {
  return checksOf(readOptions(options, CAPABILITY_OPTIONS))
}

/** The same for options that were already read. */
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
  revocation,
  delegation = false,
  oneClickAuth = false,
}: CapabilityExpectations): CapabilityChecks {
  const content: CapabilityCheck[] = [(cacao) => assertDelegation(cacao, delegation)]
  if (issuer !== undefined) content.push((cacao) => assertIssuer(cacao, issuer))
  if (audience !== undefined) content.push((cacao) => assertAudience(cacao, audience))
  if (domains !== undefined) content.push((cacao) => assertDomain(cacao, domains))
  if (nonce !== undefined) content.push((cacao) => assertNonce(cacao, nonce))
  content.push((cacao) => assertValidAt(cacao, now(), clockSkewSecs))
  if (resources !== undefined) content.push((cacao) => assertResources(cacao, resources))
  if (ability !== undefined) content.push((cacao) => assertAbility(cacao, ability, oneClickAuth))
  return {
    content,
    signature: (cacao) => verifySignature(cacao, verifiers, now(), clockSkewSecs, oneClickAuth),
    revocation: revocation === undefined ? [] : [(cacao) => assertNotRevoked(cacao, revocation)],
  }
}

/** One reason why a capability is refused. */
export interface CapabilityProblem {
  readonly code: SessionErrorCode
  /** The reason, in words for a developer. It contains no signature, and only public keys. */
  readonly message: string
}

/** The content of a capability, and everything that is wrong with it. */
export interface CacaoInspection {
  /** Whether `verifyCacao` would accept it. */
  readonly isAccepted: boolean
  /** Every check that failed. An invalid signature comes first, because then nothing in the capability can be trusted. */
  readonly problems: readonly CapabilityProblem[]
  /** The content; absent if the capability is malformed. Don't trust it unless `isAccepted` is true. */
  readonly claims?: {
    /** The account's DID. */
    readonly issuer: string
    /** The DID of the key that may use it. */
    readonly audience: string
    readonly domain: string
    readonly resources: readonly string[]
    readonly issuedAt: Date
    /** `undefined` if it never expires. */
    readonly expiresAt: Date | undefined
    readonly signatureType: string
  }
}

/**
 * Makes all the checks of `verifyCacao`, which stops at the first one that fails, and returns everything that is wrong with a
 * capability. It is for logs and for developers; decide with `verifyCacao`. Never rejects because of the capability; throws a
 * `TypeError` for wrong options.
 *
 * @example
 * const { problems } = await inspectCacao(json, { verifiers: ethereumVerifiers(), audience: keyDID })
 */
export async function inspectCacao(input: unknown, options: VerifyCacaoOptions): Promise<CacaoInspection> {
  const { content, signature, revocation } = capabilityChecks(options)
  const problems: CapabilityProblem[] = []
  const record = async (check: () => unknown): Promise<void> => {
    try {
      await check()
    } catch (error) {
      if (!(error instanceof SessionError)) throw error
      problems.push({ code: error.code, message: error.message })
    }
  }
  let cacao: Cacao | undefined
  await record(() => {
    cacao = parseCacao(input)
  })
  if (!cacao) return { isAccepted: false, problems }
  const parsed: Cacao = cacao
  for (const check of [signature, ...content, ...revocation]) await record(() => check(parsed))
  return { isAccepted: problems.length === 0, problems, claims: claimsOf(parsed) }
}

function claimsOf(cacao: Cacao): NonNullable<CacaoInspection['claims']> {
  const { aud, domain, resources = [], iat } = cacao.p
  const expiry = expiryTime(cacao)
  return {
    issuer: rootOf(cacao).p.iss,
    audience: aud,
    domain,
    resources,
    issuedAt: new Date(parseDateTime(iat) ?? Number.NaN),
    expiresAt: Number.isFinite(expiry) ? new Date(expiry) : undefined,
    signatureType: cacao.s.t,
  }
}
