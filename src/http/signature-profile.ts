import { fromUtf8, utf8 } from '../base/bytes.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { fromBase64, fromBase64url, toBase64, toBase64url } from '../base/multibase.js'
import { nodeCrypto } from '../base/node-crypto.js'
import { type ReadValue, wrong } from '../base/options.js'
import type { Cacao } from '../capability/cacao.js'
import { decodeDagJSON, encodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { type KeyType, type SessionKeyType, subtleCrypto } from '../key/session-key.js'

// How a session signs a request: a fixed profile of RFC 9421 without options, so that a server has exactly one form to
// verify.

/** The label of the signature in `Signature` and `Signature-Input` (RFC 9421 §4). */
export const SIGNATURE_LABEL = 'cacao'
/**
 * The `tag` parameter, which names this profile. It must change whenever the profile changes, so that no signature is
 * verified by the rules of another version.
 */
export const SIGNATURE_TAG = 'cacao-session-2'

/** Seconds from `created` to `expires`: the longest time for which a server can accept a request. */
export const SIGNATURE_LIFETIME_SECS = 3600
/** The default of the server's option `maxAgeSecs`. */
export const DEFAULT_MAX_AGE_SECS = 60

/** The algorithm for each type of key, by its name in RFC 9421 §6.2.2. */
export const ALGORITHMS: Readonly<Record<SessionKeyType, string> & Partial<Record<KeyType, string>>> = {
  'P-256': 'ecdsa-p256-sha256',
  Ed25519: 'ed25519',
}

/**
 * The header in which a server that refuses a signature returns the method that it received. A browser that follows a
 * redirect may turn a POST into a GET without telling the page, and then the signature doesn't fit.
 */
export const RECEIVED_METHOD = 'Cacao-Received-Method'

const TARGET_COMPONENTS = ['@method', '@authority', '@path', '@query'] as const
// The content type is signed too, because the same bytes can have another meaning under another type.
const BODY_COMPONENTS = ['content-digest', 'content-type'] as const

/**
 * The header that carries the capability, unless the option `capabilityHeader` of client and server names another one.
 */
export const DEFAULT_CAPABILITY_HEADER = 'authorization'

const HEADER_NAME = /^[a-z0-9][a-z0-9-]{0,63}$/
// Headers that have another meaning, and headers that browsers don't let a page set.
const OTHER_HEADER =
  /^(?:(?:proxy|sec|access-control)-.*|accept(?:-.*)?|content-.*|connection|cookie|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|signature(?:-input)?|te|trailer|transfer-encoding|upgrade|vary|via)$/

/** Reads the option `capabilityHeader`, in lower case. */
export const capabilityHeaderOption: ReadValue<string> = (value, name) => {
  const header = typeof value === 'string' ? value.toLowerCase() : ''
  if (HEADER_NAME.test(header) && !OTHER_HEADER.test(header)) return header
  throw wrong(name, 'the name of a header that a page may set and that has no other meaning: "X-Capability"')
}

/** The content type that is set and signed for a body without one (RFC 9110 §8.3). */
export const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

/** The components that a signature covers, in this order. */
export function signedComponents(
  hasBody: boolean,
  capabilityHeader: string = DEFAULT_CAPABILITY_HEADER,
): readonly string[] {
  return [...TARGET_COMPONENTS, capabilityHeader, ...(hasBody ? BODY_COMPONENTS : [])]
}

/** The `keyid` parameter: the DID URL of a did:key's only verification method. */
export function keyURL(did: string): string {
  return `${did}#${did.slice('did:key:'.length)}`
}

let loaded: typeof import('http-message-sig') | undefined

/** The library for RFC 9421, loaded when the first signature in another spelling is verified. */
export async function messageSignatures(): Promise<typeof import('http-message-sig')> {
  loaded ??= await import('http-message-sig')
  return loaded
}

const DIGEST_FIELD = /^sha-256=:([A-Za-z0-9+/=]{44}):$/

/** The `Content-Digest` field of a body (RFC 9530), with SHA-256. */
export async function contentDigest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${toBase64(await sha256(body))}:`
}

/**
 * Whether a `Content-Digest` field is the SHA-256 of the body, and nothing else. `false` if it also has another digest.
 */
export async function isDigestOf(field: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const claimed = fromBase64(DIGEST_FIELD.exec(field)?.[1] ?? '')
  if (claimed?.length !== 32) return false
  const digest = await sha256(body)
  return digest.every((byte, i) => byte === claimed[i])
}

// Hashing this many bytes blocks the thread for a quarter of a millisecond.
const MAX_HASHED_AT_ONCE = 65_536

async function sha256(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const native = body.length <= MAX_HASHED_AT_ONCE ? nodeCrypto() : undefined
  if (native) return native.createHash('sha256').update(body).digest()
  return new Uint8Array(await subtleCrypto().digest('SHA-256', body))
}

const SCHEME = 'CACAO '
const authorizations = new WeakMap<Cacao, string>()
// Servers accept 8 to 16 kB of headers in total.
const MAX_TOKEN_LENGTH = 16_384
const TOKEN = /^[-\w]+$/

/**
 * The `Authorization` header of a capability: the scheme `CACAO`, and the capability's DAG-JSON in base64url without
 * padding. Throws `ERR_REQUEST_TOO_LARGE` if the token would have more than 16,384 characters.
 */
export function authorizationOf(cacao: Cacao): string {
  const written = authorizations.get(cacao) ?? SCHEME + toBase64url(utf8(encodeDagJSON(cacao)))
  // Capabilities are frozen, and a session sends the same one with each request.
  authorizations.set(cacao, written)
  const token = written.slice(SCHEME.length)
  if (token.length <= MAX_TOKEN_LENGTH) return written
  throw new SessionError(
    'ERR_REQUEST_TOO_LARGE',
    `the capability has ${token.length} characters, and servers accept at most ${MAX_TOKEN_LENGTH} in a header: ask for fewer resources, such as one that ends in "/*"`,
  )
}

/** Whether an `Authorization` header has the scheme `CACAO`, in any case. */
export function isCacaoAuthorization(value: string): boolean {
  return value.slice(0, SCHEME.length).toUpperCase() === SCHEME
}

/**
 * The token in an `Authorization` header. Checks its length and characters, so that no other code has to read a long or
 * malformed token. Throws `ERR_REQUEST_UNSIGNED` for another scheme or none, and `ERR_CAPABILITY_INVALID` for a
 * malformed token.
 */
export function tokenOf(authorization: string | null | undefined): string {
  if (typeof authorization === 'string' && isCacaoAuthorization(authorization)) {
    const token = authorization.slice(SCHEME.length)
    if (token.length <= MAX_TOKEN_LENGTH && TOKEN.test(token)) return token
    throw malformed()
  }
  throw new SessionError(
    'ERR_REQUEST_UNSIGNED',
    'the request has no capability: sign it with session.fetch or session.signRequest',
  )
}

/** The capability in a token. Throws `ERR_CAPABILITY_INVALID` if it is not a CACAO. */
export function parseToken(token: string): Cacao {
  const bytes = fromBase64url(token)
  const text = bytes && fromUtf8(bytes)
  const value = text === undefined ? undefined : decodeDagJSON(text)
  if (value === undefined) throw malformed()
  return parseCacao(value)
}

function malformed(): SessionError {
  return new SessionError(
    'ERR_CAPABILITY_INVALID',
    `malformed capability: the token must be the capability's DAG-JSON in base64url without padding, of at most ${MAX_TOKEN_LENGTH} characters`,
  )
}

/** The error `ERR_REQUEST_<name>`, with a message that says why the request was refused. */
export function requestRefused(name: RequestErrorName, reason: string, cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(`ERR_REQUEST_${name}`, `the request is refused: ${reason}`, options)
}

type RequestErrorName = SessionErrorCode extends infer Code
  ? Code extends `ERR_REQUEST_${infer Name}`
    ? Name
    : never
  : never
