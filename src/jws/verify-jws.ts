import { accountDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { check, type OptionReaders, readOptions, setting } from '../base/options.js'
import { fromUtf8 } from '../base/utf8.js'
import {
  CAPABILITY_OPTIONS,
  type CapabilityExpectations,
  checksOf,
  type VerifyCacaoOptions,
} from '../capability/capability-checks.js'
import { verifiersOption } from '../capability/check-options.js'
import { cacaoCID } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { type VerifiedCacao, verifyChecked } from '../capability/verify-cacao.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { verifyKeySignature } from '../key/verify.js'
import { invalid, parseJWS } from './jws.js'

/** What a JWS must be to be accepted. Everything that `verifyCacao` takes is checked of its capability. */
export interface VerifyJWSOptions extends Omit<VerifyCacaoOptions, 'audience' | 'verifiers'> {
  /** The capability that the signer acts under. When given, it is always verified. */
  capability?: unknown
  /** Needed with a capability. */
  verifiers?: VerifyCacaoOptions['verifiers']
}

type Asked = Omit<CapabilityExpectations, 'audience' | 'verifiers'>

const { audience: _audience, verifiers: _verifiers, ...ASKED } = CAPABILITY_OPTIONS
const OPTIONS: OptionReaders<
  Asked & { readonly verifiers?: Verifiers | undefined; readonly capability?: unknown }
> = {
  ...ASKED,
  verifiers: check(verifiersOption),
  // From outside, and no option: the guard judges it, `undefined` too.
  capability: setting((value) => value),
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
  /** The capability that it was signed under, and its root: what the wallet signed. */
  readonly cacao?: VerifiedCacao
}

/**
 * Verifies a JWS of did-session's world (compact, general or DAG-JWS; EdDSA, Ed25519, ES256) and, when given, the
 * capability that its signer acts under: it must be the one that the header names, granted to the signer, and good in
 * every way that `verifyCacao` checks. Without a capability it speaks for its key alone, and options that only a capability
 * could meet (`resources`, `ability`, `domains`, `nonce`, `isRevoked`, another `issuer`) are refused.
 *
 * Rejects with `ERR_JWS_INVALID`, or with the `ERR_CAPABILITY_…` of the check that failed.
 *
 * @example
 * const { issuer, payload } = await verifyJWS(jws, { capability, verifiers: ethereumVerifiers() })
 */
export async function verifyJWS(input: unknown, options: VerifyJWSOptions = {}): Promise<VerifiedJWS> {
  const { capability, verifiers, ...expected } = readOptions(options, OPTIONS)
  const isGiven = Object.hasOwn(options, 'capability')
  if (isGiven && !verifiers)
    throw new TypeError('a capability needs verifiers, such as ethereumVerifiers() gives')
  const jws = parseJWS(input)
  const { kid, keyDID } = jws
  const granted = isGiven ? parseCacao(capability) : undefined
  if (!granted) assertSpeaksForItself(keyDID, expected)
  // Side by side: the engine verifies on another thread while the wallet's signature is checked on this one.
  const [isSigned, grant] = await Promise.all([
    verifyKeySignature(jws.publicKey, jws.signature, jws.signingInput),
    granted &&
      verifiers &&
      settled(verifyChecked(granted, checksOf({ ...expected, verifiers, audience: keyDID }))),
  ])
  if (!isSigned) throw invalid('its signature is not of its key')
  const content = { keyDID, kid, payloadBytes: jws.payload, ...payloadOf(jws.payload) }
  if (!grant) return { issuer: keyDID, ...content }
  if (jws.capability !== (granted && cacaoCID(granted)))
    throw invalid('it was signed under another capability')
  if ('error' in grant) throw grant.error
  const { cacao } = grant
  return { issuer: cacao.root.p.iss, ...content, cacao }
}

// What is wrong with the JWS itself is said first.
function settled(
  verification: Promise<VerifiedCacao>,
): Promise<{ cacao: VerifiedCacao } | { error: unknown }> {
  return verification.then(
    (cacao) => ({ cacao }),
    (error: unknown) => ({ error }),
  )
}

// Whatever only a capability can show is refused without one.
function assertSpeaksForItself(keyDID: string, { issuer, ...others }: Asked): void {
  if (issuer !== undefined && accountDID(issuer) !== keyDID) {
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `the JWS is signed by ${keyDID}, and no capability says that it speaks for ${issuer}`,
    )
  }
  const asked = OF_CAPABILITY.find((name) => others[name] !== undefined)
  if (asked !== undefined) {
    throw new SessionError(
      'ERR_CAPABILITY_RESOURCES',
      `the JWS comes without a capability, of which alone \`${asked}\` could be checked: give the capability`,
    )
  }
}

const OF_CAPABILITY = ['resources', 'ability', 'domains', 'nonce', 'isRevoked'] as const

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
