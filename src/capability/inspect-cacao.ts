import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { type Cacao, expiryTime, parseDateTime, rootOf } from './cacao.js'
import { parseCacao } from './parse-cacao.js'
import { capabilityChecks, type VerifyCacaoOptions } from './verify-cacao.js'

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
