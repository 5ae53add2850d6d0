import type { UntrustedSignatureCandidate } from 'http-message-sig'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import type { PublicKey } from '../key/did-key.js'
import { knownKey } from '../key/parse-did-key.js'
import type { VerifyKeySignature } from '../key/verify.js'
import type { IncomingRequest } from './incoming-request.js'
import {
  ALGORITHMS,
  keyURL,
  messageSignatures,
  SIGNATURE_LABEL,
  SIGNATURE_TAG,
  signedComponents,
} from './signature-profile.js'

/** What a request's signature says, once it is known to be the key's. Times in milliseconds since 1970. */
export interface MessageSignature {
  readonly keyDID: string
  readonly nonce: string
  readonly created: number
  readonly expires: number
  /** The digest of the body, if one was signed. */
  readonly contentDigest?: string
}

/** By which measure a signature is judged. Times in milliseconds. */
export interface SignaturePolicy {
  readonly authority: string
  readonly now: number
  readonly maxAge: number
  readonly clockSkew: number
  readonly verifyKeySignature: VerifyKeySignature
}

const MAX_FIELD_LENGTH = 512
const MAX_INPUT_LENGTH = 2048
// Whoever writes more white space than RFC 9421 shows has it read for a time that grows with its square.
const ODD_WHITE_SPACE = /[ \t]{2}|\t/
const PARAMETERS = ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'] as const
// At least 128 random bits, in hex, base64url or letters and digits.
const NONCE = /^[-\w]{22,128}$/

/**
 * Verifies the signature of a request (RFC 9421) in the one profile that sessions sign in: first what it says, then the
 * key, then the signature itself. Throws `ERR_REQUEST_UNSIGNED`, `ERR_REQUEST_STALE` or `ERR_REQUEST_SIGNATURE`.
 */
export async function verifyMessageSignature(
  request: IncomingRequest<unknown>,
  policy: SignaturePolicy,
): Promise<MessageSignature> {
  const [signature, input] = [request.header('signature'), request.header('signature-input')]
  if (signature === undefined || input === undefined) {
    throw refused('UNSIGNED', 'it has no signature: sign it with session.fetch or session.signRequest')
  }
  const [digest, type] = [request.header('content-digest'), request.header('content-type')]
  const longest = Math.max(signature.length, digest?.length ?? 0, type?.length ?? 0)
  if (longest > MAX_FIELD_LENGTH || input.length > MAX_INPUT_LENGTH)
    throw refused('SIGNATURE', 'its signature headers, or its content type, are too long')
  if ([signature, input, digest].some((field) => field !== undefined && ODD_WHITE_SPACE.test(field)))
    throw refused('SIGNATURE', 'its signature headers have white space that RFC 9421 does not write')
  const fields = {
    authorization: request.header('authorization'),
    'content-digest': digest,
    'content-type': type,
    signature,
  }
  const { verifySignature } = await messageSignatures()
  let claims: SignatureClaims
  try {
    const { verifier } = await verifySignature(
      {
        kind: 'request',
        method: request.method,
        targetUri: `${schemeOf(policy.authority)}://${policy.authority}${request.target}`,
        fields: Object.entries({ ...fields, 'signature-input': input }).flatMap(([name, value]) =>
          value === undefined ? [] : [{ name, value }],
        ),
      },
      {
        label: SIGNATURE_LABEL,
        // Everything that a policy could say is checked by `claimsOf`, which knows why and says so by its code.
        policy: { ...LIBRARY_POLICY, now: policy.now / 1000 },
        resolveVerifier(candidate) {
          const claims = claimsOf(candidate, policy)
          return {
            claims,
            algorithm: claims.algorithm,
            verify: async (data: Uint8Array, bytes: Uint8Array) =>
              policy.verifyKeySignature(claims.publicKey, bytes, data),
          }
        },
      },
    )
    claims = verifier.claims
  } catch (error) {
    // The library wraps what the resolver throws, and nothing else.
    const cause = error instanceof SessionError || !(error instanceof Error) ? error : error.cause
    if (cause instanceof SessionError) throw cause
    throw refused('SIGNATURE', "its signature is malformed, or doesn't fit the request", error)
  }
  const { keyDID, nonce, created, expires } = claims
  return { keyDID, nonce, created, expires, ...(claims.isBodySigned && digest && { contentDigest: digest }) }
}

interface SignatureClaims extends MessageSignature {
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

/** What an unverified signature claims, if that is in the profile and in time. */
function claimsOf(
  { components, parameters }: UntrustedSignatureCandidate,
  { now, maxAge, clockSkew }: SignaturePolicy,
): SignatureClaims {
  const { created: createdSecs = Number.NaN, expires: expiresSecs = Number.NaN } = parameters
  const { nonce = '', keyid = '', alg = '', tag } = parameters
  const isBodySigned = components.some(({ name }) => name === 'content-digest')
  const expected = signedComponents(isBodySigned)
  const isCovered =
    components.length === expected.length &&
    components.every(
      ({ name, parameters: none }, i) => name === expected[i] && Object.keys(none).length === 0,
    )
  if (!isCovered) throw refused('SIGNATURE', `its signature must cover exactly ${expected.join(', ')}`)
  const names = Object.keys(parameters)
  if (names.length !== PARAMETERS.length || !PARAMETERS.every((name) => names.includes(name)))
    throw refused('SIGNATURE', `its signature must have exactly the parameters ${PARAMETERS.join(', ')}`)
  if (tag !== SIGNATURE_TAG) throw refused('SIGNATURE', `its signature must have the tag ${SIGNATURE_TAG}`)
  if (!NONCE.test(nonce)) throw refused('SIGNATURE', 'its nonce must have at least 128 random bits')
  const [keyDID = ''] = keyid.split('#', 1)
  const publicKey = keyid === keyURL(keyDID) ? knownKey(keyDID) : undefined
  const algorithm = publicKey && ALGORITHMS[publicKey.type]
  if (!publicKey || algorithm === undefined || alg !== algorithm)
    throw refused('SIGNATURE', 'its keyid must be the URL of a did:key that fits its alg')
  const [created, expires] = [createdSecs * 1000, expiresSecs * 1000]
  // Written so that a clock or a time that is no number is refused.
  const isFresh =
    created <= now + clockSkew && now < expires && now - created <= maxAge && expires - created <= maxAge
  if (!isFresh) {
    throw refused(
      'STALE',
      `it was signed for another time, or for longer than ${maxAge / 1000} seconds: sign it anew, and check the clock`,
    )
  }
  return { keyDID, publicKey, algorithm, nonce, created, expires, isBodySigned }
}

// The library leaves a default port out of the authority, so it must not be the one that is given.
function schemeOf(authority: string): 'https' | 'http' {
  return authority.endsWith(':443') ? 'http' : 'https'
}

type Refusal = SessionErrorCode extends infer Code
  ? Code extends `ERR_REQUEST_${infer Name}`
    ? Name
    : never
  : never

/** An error that says why a request is refused. */
export function refused(code: Refusal, why: string, cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(`ERR_REQUEST_${code}`, `the request is refused: ${why}`, options)
}
