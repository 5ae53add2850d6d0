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

/** The content of a request's signature after it was verified. Times are milliseconds since 1970. */
export interface MessageSignature {
  /** The URL that was signed. */
  readonly url: URL
  /** The did:key of the key that signed. */
  readonly keyDID: string
  readonly nonce: string
  readonly created: number
  /** When it expires by the client's clock: as was signed, and no later than the policy's `maxAge` after `created`. */
  readonly expires: number
  /** From when on it is refused: when it has expired by the slowest clock that the policy allows. */
  readonly refusedFrom: number
  /** The `Content-Digest` field, if a body was signed. */
  readonly contentDigest?: string
}

/** What a signature must fulfil. Times are in milliseconds. */
export interface SignaturePolicy {
  /** The URLs that may have been signed, the likeliest first. */
  readonly urls: readonly URL[]
  /** The header in which the capability travels. */
  readonly capabilityHeader: string
  /** The current time, since 1970. */
  readonly now: number
  readonly maxAge: number
  readonly clockSkew: number
  readonly verifyKeySignature: VerifyKeySignature
}

const MAX_FIELD_LENGTH = 512
const MAX_INPUT_LENGTH = 2048
// The parser's time is quadratic in the length of white space, so no more is accepted than RFC 9421 writes.
const ODD_WHITE_SPACE = /[ \t]{2}|\t/
const PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'] as const
// At least 128 random bits, in hex, base64url or letters and digits.
const NONCE = /^[-\w]{22,128}$/

/**
 * Verifies the signature of a request (RFC 9421) in the profile in which sessions sign: first its components and parameters,
 * then the signature itself. Rejects with `ERR_REQUEST_UNSIGNED`, `ERR_REQUEST_STALE` or `ERR_REQUEST_SIGNATURE`.
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
      'its signature headers have tabs, or several spaces in a row: write single spaces',
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
    `its signature doesn't fit the request, as one for ${policy.urls.map(withoutQuery).join(' or ')}: something between client and server has changed it, or clients reach this server by another name (authority) or under another path (basePath)`,
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
 * The URL, without its query, for which a request was signed that was refused with this error because the server is configured
 * for another; `undefined` if the request names no such URL. It verifies up to 8 signatures, so ask only for what somebody will
 * read. Whatever it says, the request stays refused.
 */
export async function signedElsewhere(error: SessionError): Promise<string | undefined> {
  return await searches.get(error)?.()
}

function withoutQuery({ origin, pathname }: URL): string {
  return origin + pathname
}

/** What the signature says, if it is one for this URL. Throws if it would be refused for any. */
type SignatureCheck = (url: URL) => Promise<SignatureClaims | undefined>

/** A message with all the fields that a signature may cover. */
export interface ReceivedMessage {
  readonly method: string
  readonly fields: ReadonlyMap<string, string>
}

/** A check of the message's signature: read by ourselves, if it is spelt as sessions spell it, or else by the library. */
export function signatureCheck(message: ReceivedMessage, policy: SignaturePolicy): SignatureCheck {
  const own = readSignatureFields(message, policy.capabilityHeader)
  if (!own) return (url) => claimsByLibrary(url, message, policy)
  const { components, parameters, signature, params } = own
  return async (url) => {
    const claims = claimsOf(components, parameters, policy)
    const base = utf8(signatureBase(message, url, components, params))
    const isSigned = await policy.verifyKeySignature(claims.publicKey, signature, base)
    // The app may have passed the function: nothing but its yes is one.
    return isSigned === true ? claims : undefined
  }
}

/** The same for every spelling that RFC 9421 allows. */
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
          // One with parameters has another name than any that is expected.
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
    // The library wraps only what the resolver throws.
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

/** What an unverified signature claims. Throws unless it is in the profile and valid at this time. */
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
    throw requestRefused('SIGNATURE', "its time can't be judged: the server's clock gives no number")
  const created = createdSecs * 1000
  const expires = Math.min(expiresSecs * 1000, created + maxAge)
  const refusedFrom = expires + clockSkew
  const lifetime = expiresSecs - createdSecs
  // Written so that NaN is refused.
  const isLife = lifetime > 0 && lifetime <= SIGNATURE_LIFETIME_SECS
  if (!(isLife && created <= now + clockSkew && now < refusedFrom)) {
    throw requestRefused(
      'STALE',
      `it is older than ${maxAge / 1000} seconds, expired, signed for the future, or for longer than ${SIGNATURE_LIFETIME_SECS} seconds, with ${clockSkew / 1000} seconds allowed for wrong clocks: sign it again, and check the clocks of both machines`,
    )
  }
  return { keyDID, publicKey, algorithm, nonce, created, expires, refusedFrom, isBodySigned }
}
