import { type AccountInput, accountArgument, accountDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { fromUtf8 } from '../base/utf8.js'
import { type Cacao, parseCacao } from '../capability/cacao.js'
import { rootOf } from '../capability/chain.js'
import { cacaoCID } from '../capability/cid.js'
import { type VerifyCacaoOptions, verifyCacao } from '../capability/verify-cacao.js'
import { verifyKeySignature } from '../key/verify.js'
import { invalid, parseJWS } from './jws.js'

/** What a JWS must be to be accepted. Everything that `verifyCacao` takes is checked of its capability. */
export interface VerifyJWSOptions extends Omit<VerifyCacaoOptions, 'audience' | 'verifiers'> {
  /** The capability that the signer acts under. When given, it is always verified. */
  capability?: unknown
  /** Needed with a capability. */
  verifiers?: VerifyCacaoOptions['verifiers']
}

/** Who signed, for whom, and what. */
export interface VerifiedJWS {
  /** The DID of who it speaks for: the account that granted the capability, or else the signing key. */
  readonly issuer: string
  readonly keyDID: string
  /** The signer's DID URL, from the header. */
  readonly kid: string
  /** The payload, if it is a JSON object; a DAG-JWS has a CID instead. */
  readonly payload?: Record<string, unknown>
  readonly payloadBytes: Uint8Array
  readonly cacao?: Cacao
}

/**
 * Verifies a JWS of did-session's world (compact, general or DAG-JWS; EdDSA, Ed25519, ES256) and, when given, the
 * capability that its signer acts under: it must be the one that the header names, granted to the signer, and good in
 * every way that `verifyCacao` checks. Without a capability it speaks for its key alone.
 *
 * Rejects with `ERR_JWS_INVALID`, or with the `ERR_CAPABILITY_…` of the check that failed.
 *
 * @example
 * const { issuer, payload } = await verifyJWS(jws, { capability, verifiers: ethereumVerifiers() })
 */
export async function verifyJWS(input: unknown, options: VerifyJWSOptions = {}): Promise<VerifiedJWS> {
  const { capability, verifiers, ...expected } = options
  if (capability !== undefined && !verifiers) {
    throw new TypeError('a capability needs verifiers, such as ethereumVerifiers() gives')
  }
  const jws = parseJWS(input)
  const { kid, keyDID } = jws
  const granted = capability === undefined ? undefined : parseCacao(capability)
  if (!granted) assertSpeaksForItself(keyDID, expected)
  // Side by side: the engine verifies on another thread while the wallet's signature is checked on this one.
  const [isSigned, grant] = await Promise.all([
    verifyKeySignature(jws.publicKey, jws.signature, jws.signingInput),
    granted && verifiers && settled(verifyCacao(granted, { ...expected, verifiers, audience: keyDID })),
  ])
  if (!isSigned) throw invalid('its signature is not of its key')
  const content = { keyDID, kid, payloadBytes: jws.payload, ...payloadOf(jws.payload) }
  if (!grant) return { issuer: keyDID, ...content }
  if (jws.capability !== (granted && cacaoCID(granted)))
    throw invalid('it was signed under another capability')
  if ('error' in grant) throw grant.error
  const { cacao } = grant
  return { issuer: rootOf(cacao).p.iss, ...content, cacao }
}

// What is wrong with the JWS itself is said first.
function settled(verification: Promise<Cacao>): Promise<{ cacao: Cacao } | { error: unknown }> {
  return verification.then(
    (cacao) => ({ cacao }),
    (error: unknown) => ({ error }),
  )
}

// Whatever only a capability can grant is refused without one.
function assertSpeaksForItself(
  keyDID: string,
  {
    issuer,
    resources,
    domains,
    nonce,
  }: { issuer?: AccountInput; resources?: readonly string[]; domains?: readonly string[]; nonce?: string },
): void {
  if (issuer !== undefined && accountDID(accountArgument(issuer)) !== keyDID) {
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `the JWS is signed by ${keyDID}, and no capability says that it speaks for ${issuer}`,
    )
  }
  if (resources?.length || domains || nonce !== undefined) {
    throw new SessionError(
      'ERR_CAPABILITY_RESOURCES',
      'the JWS comes without a capability, which alone could allow that',
    )
  }
}

function payloadOf(bytes: Uint8Array): { payload?: Record<string, unknown> } {
  try {
    const value: unknown = JSON.parse(fromUtf8(bytes) ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { payload: value as Record<string, unknown> }
      : {}
  } catch {
    return {}
  }
}
