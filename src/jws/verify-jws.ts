import { CID } from 'multiformats/cid'
import { accountDID } from '../base/account.js'
import { fromUtf8, utf8 } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { fromBase64url } from '../base/multibase.js'
import { check, isPlainObject, type OptionReaders, readOptions, setting } from '../base/options.js'
import { assertPlainJSON } from '../base/plain-json.js'
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
import { knownKey } from '../key/did-key.js'
import type { KeyType, PublicKey } from '../key/session-key.js'
import { verifyKeySignature } from '../key/verify.js'

/** The checks that a JWS must pass. The options of `verifyCacao` apply to its capability. */
export interface VerifyJWSOptions
  extends Omit<VerifyCacaoOptions, 'audience' | 'verifiers' | 'oneClickAuth'> {
  /**
   * The capability under which the signer acts. If this option is present, even as `undefined`, a valid capability is
   * required.
   */
  capability?: unknown
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. Required with a capability. */
  verifiers?: VerifyCacaoOptions['verifiers']
}

type Expected = Omit<CapabilityExpectations, 'audience' | 'verifiers' | 'oneClickAuth'>

const {
  audience: _audience,
  verifiers: _verifiers,
  // A session key never acts under a one-click sign-in.
  oneClickAuth: _oneClickAuth,
  ...EXPECTED_OPTIONS
} = CAPABILITY_OPTIONS
const OPTIONS: OptionReaders<
  Expected & { readonly verifiers?: Verifiers | undefined; readonly capability?: unknown }
> = {
  ...EXPECTED_OPTIONS,
  verifiers: check(verifiersOption),
  // The capability is untrusted input, so `parseCacao` checks it later, even if it is `undefined`.
  capability: setting((value) => value),
}

/** A verified JWS. */
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
  /** The capability under which the JWS was signed, with its `root`, the capability that the wallet signed. */
  readonly cacao?: VerifiedCacao
}

/**
 * Verifies a JWS as did-session and dids write it (RFC 7515: compact, general JSON, or DAG-JWS; EdDSA, Ed25519 or
 * ES256) and, if the option `capability` is given, the capability under which its signer acts. The JWS header must name
 * this capability, the capability must be granted to the signer, and it must pass all checks of `verifyCacao`. Without
 * a capability, the issuer is the signing key itself. In that case, rejects with `ERR_CAPABILITY_RESOURCES` if
 * `resources`, `ability`, `domains`, `nonce` or `revocation` is given, and with `ERR_CAPABILITY_ISSUER` if `issuer` is
 * another account, because these need a capability.
 *
 * Rejects with `ERR_JWS_INVALID`, also if the payload is a JSON object with a member named `__proto__` or more than 100
 * levels of nesting, which could harm an app that processes it; with an error of `verifyCacao`, or with a `TypeError` for wrong options.
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
  // In parallel: WebCrypto verifies on another thread while this thread verifies the wallet's signature.
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

// Resolves with the error instead of rejecting, because an error of the JWS itself takes precedence.
function settled(
  verification: Promise<VerifiedCacao>,
): Promise<{ cacao: VerifiedCacao } | { error: unknown }> {
  return verification.then(
    (cacao) => ({ cacao }),
    (error: unknown) => ({ error }),
  )
}

/**
 * Throws `ERR_CAPABILITY_ISSUER` or `ERR_CAPABILITY_RESOURCES` if an option requires what only a capability can prove.
 */
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
      `the option \`${needed}\` can only be checked with a capability, and none was given: pass the capability`,
    )
  }
}

const NEED_CAPABILITY = ['resources', 'ability', 'domains', 'nonce', 'revocation'] as const

const MOST_LEVELS = 100

function payloadOf(bytes: Uint8Array): { payload?: Record<string, unknown> } {
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(bytes) ?? '')
  } catch {
    return {}
  }
  if (!isPlainObject(value)) return {}
  try {
    assertPlainJSON(value, MOST_LEVELS)
  } catch (cause) {
    throw invalid(`its payload can't be processed safely: ${(cause as Error).message}`, cause)
  }
  return { payload: value }
}

// In characters.
const MAX_LENGTH = 400_000

/** A parsed JWS. Its signature is not verified yet. */
export interface ParsedJWS {
  /** The signer's DID URL, from the header. */
  readonly kid: string
  /** The signer's did:key. */
  readonly keyDID: string
  readonly publicKey: PublicKey
  /** The CID of the capability under which the signer acts, if the header names one (`cap`). */
  readonly capability?: string
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
  readonly payload: Uint8Array
}

// The type of key for each algorithm (RFC 7518, RFC 8037, RFC 9864). `EdDSA` is the older name of `Ed25519`.
const ALGORITHMS = new Map<unknown, KeyType>([
  ['EdDSA', 'Ed25519'],
  ['Ed25519', 'Ed25519'],
  ['ES256', 'P-256'],
])

// The types of session tokens (RFC 8725 §3.11). A media type ignores case, and the prefix `application/` may be
// omitted.
const OTHER_TYPE = /^(?:application\/)?cacao-session/i

/**
 * Parses a JWS (RFC 7515) as did-session and dids write it: compact, general JSON with one signature, or DAG-JWS.
 * Throws `ERR_JWS_INVALID` for any other form, for an algorithm that is unknown or doesn't fit the key, for `crit` and
 * `b64` in the header, for a session token, and for a text of more than 400,000 characters.
 */
export function parseJWS(input: unknown): ParsedJWS {
  try {
    return read(input)
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    // A getter or a proxy in the input threw.
    throw invalid("it can't be read", cause)
  }
}

function read(input: unknown): ParsedJWS {
  const [head, body, tail] = segments(input)
  const [headerBytes, payload, signature] = [head, body, tail].map((segment) => fromBase64url(segment))
  if (!headerBytes || !payload || !signature) throw invalid('its parts must be base64url')
  const { alg, kid, cap, typ, ...others } = header(headerBytes)
  if ('crit' in others || 'b64' in others) throw invalid('its header must not have crit or b64')
  if (typeof typ === 'string' && OTHER_TYPE.test(typ))
    throw invalid(
      "it is a session's token: verify it with verifyToken, or accept signed URLs with the option signedURLs",
    )
  if (typeof kid !== 'string') throw invalid('its header must have a kid')
  const [keyDID = ''] = kid.split('#', 1)
  const publicKey = knownKey(keyDID)
  const isKid = kid === keyDID || kid === `${keyDID}#${keyDID.slice('did:key:'.length)}`
  if (!publicKey || !isKid) throw invalid('its kid must be a did:key, or the DID URL of its key')
  if (ALGORITHMS.get(alg) !== publicKey.type)
    throw invalid('its alg must fit its key: Ed25519 or EdDSA for an Ed25519 key, ES256 for a P-256 key')
  const capability = typeof cap === 'string' ? /^ipfs:\/\/([A-Za-z0-9]+)$/.exec(cap)?.[1] : undefined
  if (cap !== undefined && !capability) throw invalid('its cap must be an ipfs:// URL')
  assertLink(input, payload)
  const parsed = { kid, keyDID, publicKey, signingInput: utf8(`${head}.${body}`), signature, payload }
  return capability === undefined ? parsed : { ...parsed, capability }
}

function segments(input: unknown): [string, string, string] {
  const text = typeof input === 'string' ? input : compact(input)
  if (text.length > MAX_LENGTH) throw invalid(`it must have at most ${MAX_LENGTH} characters`)
  const [head, body = '', tail, ...more] = text.split('.')
  if (!head || !tail || more.length > 0) throw invalid('it must have a header, a payload and a signature')
  return [head, body, tail]
}

function compact(input: unknown): string {
  if (typeof input !== 'object' || input === null) throw invalid('it must be a string or an object')
  const { payload, signatures } = input as { payload?: unknown; signatures?: unknown }
  const [first, ...more]: unknown[] = Array.isArray(signatures) ? signatures : []
  if (typeof first !== 'object' || first === null || more.length > 0)
    throw invalid('it must have exactly one signature')
  const { protected: head, signature } = first as { protected?: unknown; signature?: unknown }
  if (![head, payload, signature].every((part) => typeof part === 'string'))
    throw invalid('its payload, protected header and signature must be strings')
  return `${head}.${payload}.${signature}`
}

function header(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(fromUtf8(bytes) ?? '')
  } catch (cause) {
    throw invalid('its header must be JSON', cause)
  }
  if (!isPlainObject(value)) throw invalid('its header must be an object')
  return value
}

// The payload of a DAG-JWS is a CID, and its member `link` must be the same CID.
function assertLink(input: unknown, payload: Uint8Array): void {
  const link = typeof input === 'object' && input !== null && 'link' in input ? input.link : undefined
  if (link === undefined) return
  const named = linkedCID(link)
  if (!named?.equals(decoded(payload))) throw invalid('its link must be the CID in its payload')
}

// A link can be a CID object of any version of multiformats, even after a structured clone; the text of a CID; or the
// DAG-JSON form of a CID, which is an object with only the member `/`.
function linkedCID(link: unknown): CID | undefined {
  const text = isDagJSONLink(link) ? link['/'] : link
  if (typeof text !== 'string') return CID.asCID(text) ?? undefined
  try {
    return CID.parse(text)
  } catch {
    return undefined
  }
}

function isDagJSONLink(link: unknown): link is { readonly '/': string } {
  if (typeof link !== 'object' || link === null || Object.keys(link).length !== 1) return false
  return '/' in link && typeof link['/'] === 'string'
}

function decoded(bytes: Uint8Array): CID | undefined {
  try {
    return CID.decode(bytes)
  } catch {
    return undefined
  }
}

/** The error `ERR_JWS_INVALID`, with the reason. */
function invalid(reason: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_JWS_INVALID',
    `the JWS is refused: ${reason}`,
    cause === undefined ? undefined : { cause },
  )
}
