import { accountDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { check, type OptionReaders, readOptions, setting } from '../base/options.js'
import { fromUtf8 } from '../base/utf8.js'
import { verifiersOption } from '../capability/check-options.js'
import { cacaoCID } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import {
  CAPABILITY_OPTIONS,
  type CapabilityExpectations,
  checksOf,
  type VerifiedCacao,
  type VerifyCacaoOptions,
  verifyChecked,
} from '../capability/verify-cacao.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { verifyKeySignature } from '../key/verify.js'
import { invalid, parseJWS } from './jws.js'

/** What a JWS must fulfil to be accepted. The options of `verifyCacao` are checked for its capability. */
export interface VerifyJWSOptions
  extends Omit<VerifyCacaoOptions, 'audience' | 'verifiers' | 'oneClickAuth'> {
  /** The capability under which the signer acts. It is verified whenever it is given. */
  capability?: unknown
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. Required with a capability. */
  verifiers?: VerifyCacaoOptions['verifiers']
}

type Expected = Omit<CapabilityExpectations, 'audience' | 'verifiers' | 'oneClickAuth'>

const {
  audience: _audience,
  verifiers: _verifiers,
  // A session signs under no capability of this kind.
  oneClickAuth: _oneClickAuth,
  ...EXPECTED_OPTIONS
} = CAPABILITY_OPTIONS
const OPTIONS: OptionReaders<
  Expected & { readonly verifiers?: Verifiers | undefined; readonly capability?: unknown }
> = {
  ...EXPECTED_OPTIONS,
  verifiers: check(verifiersOption),
  // It comes from outside and is no option, so the guard checks it, also if it is `undefined`.
  capability: setting((value) => value),
}

/** A JWS that was verified. */
export interface VerifiedJWS {
  /** The DID of the account that granted the capability; without a capability, the did:key of the signer. */
  readonly issuer: string
  /** The signer's did:key. */
  readonly keyDID: string
  /** The signer's DID URL, from the header. */
  readonly kid: string
  /** The payload, if it is a JSON object. The payload of a DAG-JWS is a CID. */
  readonly payload?: Record<string, unknown>
  readonly payloadBytes: Uint8Array
  /** The capability under which it was signed, with its `root`, the capability that the wallet signed. */
  readonly cacao?: VerifiedCacao
}

/**
 * Verifies a JWS as did-session and dids write it (RFC 7515: compact, general JSON, or DAG-JWS; EdDSA, Ed25519 or ES256) and,
 * if it is given, the capability under which its signer acts. That must be the capability that the header names, must be granted
 * to the signer, and must pass all the checks of `verifyCacao`. Without a capability, the issuer is the signing key itself, and
 * options that only a capability can fulfil (`resources`, `ability`, `domains`, `nonce`, `revocation`, another `issuer`) make it
 * reject.
 *
 * Rejects with `ERR_JWS_INVALID`, with the `ERR_CAPABILITY_…` of the check that failed, or with a `TypeError` for wrong options.
 *
 * @example
 * const { issuer, payload } = await verifyJWS(jws, { capability, verifiers: ethereumVerifiers() })
 */
export async function verifyJWS(input: unknown, options: VerifyJWSOptions = {}): Promise<VerifiedJWS> {
  const { capability, verifiers, ...expected } = readOptions(options, OPTIONS)
  const isGiven = Object.hasOwn(options, 'capability')
  if (isGiven && !verifiers)
    throw new TypeError('verifiers are required with a capability: { ...ethereumVerifiers() }')
  const jws = parseJWS(input)
  const { kid, keyDID } = jws
  const granted = isGiven ? parseCacao(capability) : undefined
  if (!granted) assertNoCapabilityNeeded(keyDID, expected)
  // Both at a time: WebCrypto verifies on another thread while the wallet's signature is verified on this one.
  const [isSigned, grant] = await Promise.all([
    verifyKeySignature(jws.publicKey, jws.signature, jws.signingInput),
    granted &&
      verifiers &&
      settled(
        verifyChecked(granted, checksOf({ ...expected, verifiers, audience: keyDID, oneClickAuth: false })),
      ),
  ])
  if (!isSigned) throw invalid('its signature is not valid for its key')
  const content = { keyDID, kid, payloadBytes: jws.payload, ...payloadOf(jws.payload) }
  if (!grant) return { issuer: keyDID, ...content }
  if (jws.capability !== (granted && cacaoCID(granted)))
    throw invalid('its cap must be the CID of the capability that was given')
  if ('error' in grant) throw grant.error
  const { cacao } = grant
  return { issuer: cacao.root.p.iss, ...content, cacao }
}

// Does not reject, because an error of the JWS itself takes precedence.
function settled(
  verification: Promise<VerifiedCacao>,
): Promise<{ cacao: VerifiedCacao } | { error: unknown }> {
  return verification.then(
    (cacao) => ({ cacao }),
    (error: unknown) => ({ error }),
  )
}

/** Throws if options ask for what only a capability can prove. */
function assertNoCapabilityNeeded(keyDID: string, { issuer, ...others }: Expected): void {
  if (issuer !== undefined && accountDID(issuer) !== keyDID) {
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `the JWS is signed by ${keyDID}, and without a capability its issuer is not ${issuer}: pass the capability`,
    )
  }
  const needed = NEED_CAPABILITY.find((name) => others[name] !== undefined)
  if (needed !== undefined) {
    throw new SessionError(
      'ERR_CAPABILITY_RESOURCES',
      `\`${needed}\` can only be checked with a capability, and none was given: pass the capability`,
    )
  }
}

const NEED_CAPABILITY = ['resources', 'ability', 'domains', 'nonce', 'revocation'] as const

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
