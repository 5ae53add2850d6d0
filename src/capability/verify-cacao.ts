import { type AccountInput, accountArgument, accountOfDID } from '../base/account.js'
import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
import { type Cacao, parseCacao } from './cacao.js'
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
  /** The account that must have granted it (CAIP-10, or its DID). */
  issuer?: AccountInput
  /** The key that must be allowed to act (did:key). */
  audience?: string
  /** The domains, with their ports, of the sites whose sign-ins are accepted. */
  domains?: readonly string[]
  /** The nonce that was asked for. */
  nonce?: string
  /** Resources that the capability must cover. */
  resources?: readonly string[]
  /** Says whether a capability was revoked. A rejection counts as a refusal. */
  isRevoked?: (cacao: Cacao) => boolean | Promise<boolean>
}

/**
 * Checks everything about a capability from outside and returns it, frozen and typed. Throws one `SessionError`
 * whose code (`ERR_CAPABILITY_…`) names the check that failed.
 *
 * @example
 * const cacao = await verifyCacao(json, { verifiers: ethereumVerifiers(), domains: ['app.example.com'] })
 */
export async function verifyCacao(input: unknown, options: VerifyCacaoOptions): Promise<Cacao> {
  const {
    verifiers,
    now = systemClock,
    clockSkewSecs = DEFAULT_CLOCK_SKEW_SECS,
    issuer,
    audience,
    domains,
    nonce,
    resources,
  } = options
  const cacao = parseCacao(input)
  const { p } = cacao
  await verifySignature(cacao, verifiers, now(), clockSkewSecs)
  if (issuer !== undefined) assertIssuer(cacao, accountArgument(issuer))
  if (audience !== undefined && p.aud !== audience)
    throw refused('AUDIENCE', `it was granted to ${p.aud}, not to ${audience}`)
  if (domains && !domains.includes(p.domain))
    throw refused('DOMAIN', `it was signed on ${p.domain}, which is not accepted here`)
  if (nonce !== undefined && p.nonce !== nonce)
    throw refused('NONCE', 'its nonce is not the one that was asked for')
  assertValidAt(cacao, now(), clockSkewSecs)
  if (resources) assertResources(cacao, resources)
  if (options.isRevoked && (await options.isRevoked(cacao)) !== false)
    throw refused('REVOKED', 'it was revoked: sign in again')
  return cacao
}

/** Throws `ERR_CAPABILITY_ISSUER` unless the account granted the capability. */
export function assertIssuer({ p }: Cacao, account: string): void {
  if (accountOfDID(p.iss) !== account)
    throw refused('ISSUER', `it was granted by ${p.iss}, not by ${account}`)
}

/** Throws `ERR_CAPABILITY_RESOURCES` unless every one of the resources is covered. */
export function assertResources({ p }: Cacao, resources: readonly string[]): void {
  const missing = missingResources(p.resources ?? [], resources)
  if (missing.length > 0) throw refused('RESOURCES', `it does not cover ${missing.join(', ')}`)
}

function refused(
  code: 'ISSUER' | 'AUDIENCE' | 'DOMAIN' | 'NONCE' | 'RESOURCES' | 'REVOKED',
  why: string,
): SessionError {
  return new SessionError(`ERR_CAPABILITY_${code}`, `the capability is refused: ${why}`)
}
