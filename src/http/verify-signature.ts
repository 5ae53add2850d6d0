import { utf8 } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { knownKey } from '../key/did-key.js'
import type { PublicKey } from '../key/session-key.js'
import type { VerifyKeySignature } from '../key/verify.js'
import { type IncomingRequest, namedURLs } from './incoming-request.js'
import { type ProfileParameters, readSignatureFields, signatureBase } from './signature-fields.js'
import {
  ALGORITHMS,
  keyURL,
  messageSignatures,
  requestRefused,
  SIGNATURE_LABEL,
  SIGNATURE_LIFETIME_SECS,
  SIGNATURE_TAG,
  signedComponents,
} from './signature-profile.js'

/** The content of a request's verified signature. Times are milliseconds since 1970. */
export interface MessageSignature {
  /** The URL that was signed. */
  readonly url: URL
  /** The did:key of the key that signed. */
  readonly keyDID: string
  readonly nonce: string
  readonly created: number
  /** The expiry by the client's clock: the signed one, or `maxAge` after `created` if that is earlier. */
  readonly expires: number
  /** The time from which the request is refused: when it has expired by the slowest clock that `clockSkew` allows. */
  readonly refusedFrom: number
  /** The `Content-Digest` field, if a body was signed. */
  readonly contentDigest?: string
}

/** The checks that a signature must pass. Times are in milliseconds. */
export interface SignaturePolicy {
  /** The URLs that may have been signed, the likeliest first. */
  readonly urls: readonly URL[]
  /** The header that carries the capability. */
  readonly capabilityHeader: string
  /** The current time, since 1970. */
  readonly now: number
  readonly maxAge: number
  readonly clockSkew: number
  readonly verifyKeySignature: VerifyKeySignature
}

const MAX_FIELD_LENGTH = 512
const MAX_INPUT_LENGTH = 2048
// The library's parser takes quadratic time for white space, so tabs and repeated spaces are refused. RFC 9421 writes
// single spaces.
const ODD_WHITE_SPACE = /[ \t]{2}|\t/
const PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'] as const
// At least 128 random bits, in hex, base64url or letters and digits.
const NONCE = /^[-\w]{22,128}$/

/**
 * Verifies the signature of a request (RFC 9421) in the profile of sessions: first its components and parameters, then
 * the signature itself. Rejects with `ERR_REQUEST_UNSIGNED`, `ERR_REQUEST_STALE` or `ERR_REQUEST_SIGNATURE`.
 */
export async function verifyMessageSignature(
  request: IncomingRequest<unknown>,
  policy: SignaturePolicy,
): Promise<MessageSignature> {
  const [signature, input] = [request.header('signature'), request.header('signature-input')]
  if (signature === undefined || input === undefined) {
    throw requestRefused('UNSIGNED', 'it has no signature: sign it with session.fetch or session.signRequest')
  }
  const [digest, type] = [request.header('content-digest'), request.header('content-type')]
  const longest = Math.max(signature.length, digest?.length ?? 0, type?.length ?? 0)
  if (longest > MAX_FIELD_LENGTH || input.length > MAX_INPUT_LENGTH)
    throw requestRefused(
      'SIGNATURE',
      `its Signature-Input has more than ${MAX_INPUT_LENGTH} characters, or its Signature, Content-Digest or Content-Type more than ${MAX_FIELD_LENGTH}`,
    )
  if ([signature, input, digest].some((field) => field !== undefined && ODD_WHITE_SPACE.test(field)))
    throw requestRefused(
      'SIGNATURE',
      'its signature headers have tabs, or several spaces in a row: use single spaces',
    )
  const fields = new Map([
    ['signature', signature],
    ['signature-input', input],
  ])
  const capability = request.header(policy.capabilityHeader)
  if (capability !== undefined) fields.set(policy.capabilityHeader, capability)
  if (digest !== undefined) fields.set('content-digest', digest)
  if (type !== undefined) fields.set('content-type', type)
  const claimsSignedFor = signatureCheck({ method: request.method, fields }, policy)
  for (const url of policy.urls) {
    const claims = await claimsSignedFor(url)
    if (!claims) continue
    const { keyDID, nonce, created, expires, refusedFrom } = claims
    return {
      url,
      keyDID,
      nonce,
      created,
      expires,
      refusedFrom,
      ...(claims.isBodySigned && digest && { contentDigest: digest }),
    }
  }
  const refusal = requestRefused(
    'SIGNATURE',
    `its signature doesn't fit the request for ${policy.urls.map(withoutQuery).join(' or ')}: something between client and server changed the request, or clients reach this server by another host (option authority) or under another path (option basePath)`,
  )
  searches.set(refusal, async () => {
    for (const url of namedURLs(request, policy.urls))
      if (await claimsSignedFor(url)) return withoutQuery(url)
    return undefined
  })
  throw refusal
}

const searches = new WeakMap<SessionError, () => Promise<string | undefined>>()

/**
 * Finds out whether a request was refused with this error because the server's `authority` or `basePath` is wrong.
 * Returns the URL that was signed, without its query; `undefined` if it is not among the URLs that the request names.
 * This verifies up to 8 signatures, so call it only for an error that someone will read. The request stays refused in
 * any case.
 */
export async function signedElsewhere(error: SessionError): Promise<string | undefined> {
  return await searches.get(error)?.()
}

function withoutQuery({ origin, pathname }: URL): string {
  return origin + pathname
}

/**
 * Returns the claims of a signature if it is valid for this URL, else `undefined`. Rejects if it would be refused for
 * every URL.
 */
type SignatureCheck = (url: URL) => Promise<SignatureClaims | undefined>

/** The method of a request, and all fields that a signature may cover. */
export interface ReceivedMessage {
  readonly method: string
  readonly fields: ReadonlyMap<string, string>
}

/**
 * Returns a check of the message's signature, which this library reads if sessions spell it that way, and else the RFC
 * 9421 library.
 */
export function signatureCheck(message: ReceivedMessage, policy: SignaturePolicy): SignatureCheck {
  const own = readSignatureFields(message, policy.capabilityHeader)
  if (!own) return (url) => claimsByLibrary(url, message, policy)
  const { components, parameters, signature, params } = own
  return async (url) => {
    const claims = claimsOf(components, parameters, policy)
    const base = utf8(signatureBase(message, url, components, params))
    const isSigned = await policy.verifyKeySignature(claims.publicKey, signature, base)
    // The app may have passed this function, so no truthy value other than `true` counts.
    return isSigned === true ? claims : undefined
  }
}

/** A `SignatureCheck` for every spelling that RFC 9421 allows. */
export async function claimsByLibrary(
  url: URL,
  { method, fields }: ReceivedMessage,
  policy: SignaturePolicy,
): Promise<SignatureClaims | undefined> {
  const { verifySignature } = await messageSignatures()
  const message = { method, fields: Array.from(fields, ([name, value]) => ({ name, value })) }
  try {
    const { verifier } = await verifySignature(
      { kind: 'request', targetUri: url.href, ...message },
      {
        label: SIGNATURE_LABEL,
        // `claimsOf` checks everything that this policy could, and throws errors with a code and a reason.
        policy: { ...LIBRARY_POLICY, now: policy.now / 1000 },
        resolveVerifier({ components, parameters }) {
          // The profile has no component with parameters, so the semicolon makes such a component unexpected.
          const names = components.map(({ name, parameters: own }) =>
            Object.keys(own).length === 0 ? name : `${name};`,
          )
          const claims = claimsOf(names, parameters, policy)
          return {
            claims,
            algorithm: claims.algorithm,
            verify: async (data: Uint8Array, bytes: Uint8Array) =>
              (await policy.verifyKeySignature(claims.publicKey, bytes, data)) === true,
          }
        },
      },
    )
    return verifier.claims
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'VerificationFailed') return undefined
    // The library may wrap an error of `resolveVerifier`, so a refusal is either the error or its cause.
    const cause = error instanceof SessionError || !(error instanceof Error) ? error : error.cause
    if (cause instanceof SessionError) throw cause
    throw requestRefused('SIGNATURE', 'its signature is malformed', error)
  }
}

interface SignatureClaims extends Omit<MessageSignature, 'url' | 'contentDigest'> {
  readonly publicKey: PublicKey
  readonly algorithm: string
  readonly isBodySigned: boolean
}

const LIBRARY_POLICY = {
  algorithms: Object.values(ALGORITHMS),
  requiredComponents: [],
  requiredParameters: [],
  clockSkew: Number.MAX_SAFE_INTEGER,
}

/** Reads the claims of a signature that is not verified yet. Throws unless they fit the profile and are valid now. */
function claimsOf(
  components: readonly string[],
  parameters: Partial<ProfileParameters>,
  { now, maxAge, clockSkew, capabilityHeader }: SignaturePolicy,
): SignatureClaims {
  const { created: createdSecs = Number.NaN, expires: expiresSecs = Number.NaN } = parameters
  const { nonce = '', keyid = '', alg = '', tag } = parameters
  const isBodySigned = components.includes('content-digest')
  const expected = signedComponents(isBodySigned, capabilityHeader)
  const isCovered =
    components.length === expected.length && components.every((name, i) => name === expected[i])
  if (!isCovered) throw requestRefused('SIGNATURE', `its signature must cover exactly ${expected.join(', ')}`)
  const names = Object.keys(parameters)
  if (names.length !== PARAMETERS.length || !PARAMETERS.every((name) => names.includes(name)))
    throw requestRefused(
      'SIGNATURE',
      `its signature must have exactly the parameters ${PARAMETERS.join(', ')}`,
    )
  if (tag !== SIGNATURE_TAG)
    throw requestRefused('SIGNATURE', `its signature must have the tag ${SIGNATURE_TAG}`)
  if (!NONCE.test(nonce)) throw requestRefused('SIGNATURE', 'its nonce must have at least 128 random bits')
  const [keyDID = ''] = keyid.split('#', 1)
  const publicKey = keyid === keyURL(keyDID) ? knownKey(keyDID) : undefined
  const algorithm = publicKey && ALGORITHMS[publicKey.type]
  if (!publicKey || algorithm === undefined || alg !== algorithm)
    throw requestRefused('SIGNATURE', 'its keyid must be the URL of a did:key that fits its alg')
  if (!Number.isFinite(now))
    throw requestRefused('SIGNATURE', "its age is unknown, because the server's clock returns no number")
  const created = createdSecs * 1000
  const expires = Math.min(expiresSecs * 1000, created + maxAge)
  const refusedFrom = expires + clockSkew
  const lifetime = expiresSecs - createdSecs
  // One negated condition, so that NaN is refused.
  const isLife = lifetime > 0 && lifetime <= SIGNATURE_LIFETIME_SECS
  if (!(isLife && created <= now + clockSkew && now < refusedFrom)) {
    throw requestRefused(
      'STALE',
      `it is older than ${maxAge / 1000} seconds, expired, from the future, or valid for more than ${SIGNATURE_LIFETIME_SECS} seconds (clocks may differ by ${clockSkew / 1000} seconds): sign it again, and check the clocks of both machines`,
    )
  }
  return { keyDID, publicKey, algorithm, nonce, created, expires, refusedFrom, isBodySigned }
}
