import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { type Cacao, rootOf } from './cacao.js'
import { capabilityChecks, type VerifyCacaoOptions } from './capability-checks.js'
import { parseCacao } from './parse-cacao.js'
import { parseDateTime } from './schema.js'
import { expiryTime } from './validity.js'

/** One reason for which a capability is refused. */
export interface CapabilityProblem {
  readonly code: SessionErrorCode
  /** In words for a developer. Holds no signature and no key but public ones. */
  readonly message: string
}

/** What a capability says, and everything that is wrong with it. */
export interface CacaoInspection {
  /** Whether `verifyCacao` would accept it. */
  readonly isAccepted: boolean
  /** Every check that failed. A signature that isn't good comes first, for without one nothing that it says counts. */
  readonly problems: readonly CapabilityProblem[]
  /** What it says; absent if it is malformed. None of it is to be believed unless `isAccepted`. */
  readonly claims?: {
    /** The account's DID. */
    readonly issuer: string
    /** The key that may act. */
    readonly audience: string
    readonly domain: string
    readonly resources: readonly string[]
    readonly issuedAt: Date
    /** Absent if it never expires. */
    readonly expiresAt?: Date
    readonly signatureType: string
  }
}

/**
 * Says all that is wrong with a capability, where `verifyCacao` stops at the first thing. For logs and error pages
 * of developers; what decides is `verifyCacao`. Never rejects for what the capability is.
 *
 * @example
 * const { problems } = await inspectCacao(json, { verifiers: ethereumVerifiers(), audience: keyDID })
 */
export async function inspectCacao(input: unknown, options: VerifyCacaoOptions): Promise<CacaoInspection> {
  const { content, signature, revocation } = capabilityChecks(options)
  const problems: CapabilityProblem[] = []
  const note = async (work: () => unknown): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof SessionError)) throw error
      problems.push({ code: error.code, message: error.message })
    }
  }
  let cacao: Cacao | undefined
  await note(() => {
    cacao = parseCacao(input)
  })
  if (!cacao) return { isAccepted: false, problems }
  const parsed: Cacao = cacao
  for (const check of [signature, ...content, ...revocation]) await note(() => check(parsed))
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
    ...(Number.isFinite(expiry) && { expiresAt: new Date(expiry) }),
    signatureType: cacao.s.t,
  }
}
