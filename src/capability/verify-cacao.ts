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
import { answerWithin } from '../base/store-answer.js'
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
   * The capability that the wallet signed: this capability itself, unless it was delegated. The person saw and signed
   * only the nonce, statement and request id of `root`. Not enumerable, because a CACAO has no such member.
   */
  readonly root: Cacao
}

/**
 * Verifies a capability from outside and returns it, frozen and typed. Rejects with a `SessionError` whose code
 * (`ERR_CAPABILITY_…`) names the first check that failed, in this order: form, signature, delegation, issuer, audience,
 * domain, nonce, time, resources, ability, revocation. The signature of a contract account is verified after the
 * ability. Rejects with `ERR_RPC_UNAVAILABLE` if the RPC server for a contract account doesn't answer, with
 * `ERR_STORE_UNAVAILABLE` if the revocation store fails or doesn't answer in time, and with a `TypeError` for a wrong
 * option.
 *
 * @example
 * const { root } = await verifyCacao(json, { verifiers: ethereumVerifiers(), domains: ['app.example.com'] })
 */
export async function verifyCacao(input: unknown, options: VerifyCacaoOptions): Promise<VerifiedCacao> {
  return verifyChecked(parseCacao(input), capabilityChecks(options))
}

/**
 * Runs the checks on a parsed capability. The signature comes first, because without it nothing in the capability can
 * be trusted. The signature of a contract account comes after the content, so that the chain is not called for a
 * capability that is refused anyway.
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
 * The checks that a capability must pass. The signature and the time are always checked, and a delegated capability is
 * refused unless `delegation` allows it. Every other check is made only if its option is given. The option of a check
 * can't be `undefined`.
 */
export interface VerifyCacaoOptions {
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** Seconds by which the issuer's clock may be ahead; 300 by default. Applies to `iat` and `nbf`. */
  clockSkewSecs?: number
  /**
   * The account (CAIP-10, or its DID) that must have granted the capability or, if it was delegated, the root of its
   * chain.
   */
  issuer?: AccountInput
  /** The did:key of the session key that the capability must be granted to. */
  audience?: string
  /**
   * The domains, with their ports, of the sites whose sign-ins are accepted; or a function that returns `true` for
   * them.
   */
  domains?: Domains
  /** The nonce that your server issued for this sign-in. The capability that the wallet signed must have it. */
  nonce?: string
  /** Resources that the capability must cover; at least one. */
  resources?: readonly string[]
  /** The ability that it must grant for a resource without caveats (ReCap, ERC-5573). */
  ability?: Ability
  /**
   * Knows which capabilities were revoked: a `RevocationStore`, or `{ isRevoked }`. `isRevoked` is called for each
   * capability of a chain. The capability is refused if `isRevoked` rejects or returns anything but `false`. Look the
   * capability up by its `capabilityIdentity`, not by its CID: one signed capability can be written in several ways,
   * each with its own CID.
   */
  revocation?: Revocation
  /** Milliseconds within which `revocation` must answer; 2000 by default. */
  storeTimeoutMs?: number
  /** Accepts capabilities that a session key delegated, up to `maxLinks`. They are refused by default. */
  delegation?: DelegationOptions | false
  /**
   * Accepts capabilities of the one-click sign-in of WalletConnect and Reown AppKit, whose ReCap names wallet methods
   * (`eip155`) instead of URIs. Such a capability proves who signed in, but its ReCap grants no resources and no
   * abilities. `false` by default. Check `nonce` and `domains` too, because the capability is not bound to a session
   * key.
   */
  oneClickAuth?: boolean
}

/** A check of a parsed capability. It throws or rejects with a `SessionError`. */
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
  readonly storeTimeoutMs: number | undefined
  readonly delegation: DelegationOptions | false | undefined
  readonly oneClickAuth: boolean | undefined
}

// Infinity is accepted too, for callers that check `iat` and `nbf` themselves.
const clockSkewOption: ReadValue<number> = (value, name) =>
  value === Number.POSITIVE_INFINITY ? value : quantityOption(value, name)

/** The readers for the options of `verifyCacao`, and of functions with the same options. */
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
  storeTimeoutMs: setting(quantityOption),
  delegation: check(delegationOption),
  oneClickAuth: setting(booleanOption),
}

/** The checks that the options require. */
export interface CapabilityChecks {
  /** Checks of the content. They need no cryptography, and call nothing outside except the caller's own functions. */
  readonly content: readonly CapabilityCheck[]
  readonly signature: CapabilityCheck
  readonly revocation: readonly CapabilityCheck[]
}

/** Returns the checks that the options require. Throws a `TypeError` for wrong options. */
function capabilityChecks(options: VerifyCacaoOptions): CapabilityChecks {
  return checksOf(readOptions(options, CAPABILITY_OPTIONS))
}

/** Returns the checks that options require after they were read. */
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
  storeTimeoutMs = 2000,
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
  const isRevoked = async (link: Cacao): Promise<boolean> =>
    revocation !== undefined &&
    answerWithin(storeTimeoutMs, 'the revocation store', () => revocation.isRevoked(link))
  return {
    content,
    signature: (cacao) => verifySignature(cacao, verifiers, now(), clockSkewSecs, oneClickAuth),
    revocation: revocation ? [(cacao) => assertNotRevoked(cacao, { isRevoked })] : [],
  }
}

/** One reason why a capability is refused. */
export interface CapabilityProblem {
  readonly code: SessionErrorCode
  /** The reason, for a developer. It contains no signature and no secret key. */
  readonly message: string
}

/** The content of a capability, and everything that is wrong with it. */
export interface CacaoInspection {
  /** Whether `verifyCacao` would accept it. */
  readonly isAccepted: boolean
  /**
   * Every check that failed. An invalid signature comes first, because then nothing in the capability can be trusted.
   */
  readonly problems: readonly CapabilityProblem[]
  /** The content; absent if the capability is malformed. Don't trust it unless `isAccepted` is `true`. */
  readonly claims?: {
    /** The account's DID. */
    readonly issuer: string
    /** The DID of the session key that may use the capability. */
    readonly audience: string
    readonly domain: string
    readonly resources: readonly string[]
    readonly issuedAt: Date
    /** `undefined` if the capability never expires. */
    readonly expiresAt: Date | undefined
    readonly signatureType: string
  }
}

/**
 * Runs all checks of `verifyCacao`, which itself stops at the first failure, and returns everything that is wrong with
 * a capability. Use this for logs and debugging; use `verifyCacao` to decide whether to accept a capability. Never
 * rejects because of the capability, or because a revocation store or an RPC server doesn't answer, which is one of the
 * problems; rejects with a `TypeError` for wrong options.
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
