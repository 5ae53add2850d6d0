import { fromBase64, fromBase64url, toBase64, toBase64url } from '../base/base64.js'
import { SessionError } from '../base/errors.js'
import { fromUtf8, utf8 } from '../base/utf8.js'
import type { Cacao } from '../capability/cacao.js'
import { decodeDagJSON, encodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import type { KeyType } from '../key/did-key.js'
import { type SessionKeyType, subtleCrypto } from '../key/session-key.js'
// How a session signs a request: RFC 9421 in a profile that leaves nothing to choose, so that what a server has to
// check is one thing only.

export const SIGNATURE_LABEL = 'cacao'
/** Names this profile. It changes whenever the profile does, so that no signature is read by another one's rules. */
export const SIGNATURE_TAG = 'cacao-session-2'

/** Seconds from `created` to `expires` at most, and how old a request may be. */
export const MAX_AGE_SECS = 60

/** The algorithm of each kind of key, by its name in RFC 9421. */
export const ALGORITHMS: Readonly<Record<SessionKeyType, string> & Partial<Record<KeyType, string>>> = {
  'P-256': 'ecdsa-p256-sha256',
  Ed25519: 'ed25519',
}

const COMPONENTS = ['@method', '@authority', '@path', '@query', 'authorization'] as const
// The same bytes as another type are another message.
const COMPONENTS_WITH_BODY = [...COMPONENTS, 'content-digest', 'content-type'] as const

/** The type with which a body is signed and sent that has none (RFC 9110 §8.3). */
export const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

/** What is signed, in this order. */
export function signedComponents(hasBody: boolean): readonly string[] {
  return hasBody ? COMPONENTS_WITH_BODY : COMPONENTS
}

/** The DID URL of a did:key's only key, as `keyid` names it. */
export function keyURL(did: string): string {
  return `${did}#${did.slice('did:key:'.length)}`
}

const FIELD = /^sha-256=:([A-Za-z0-9+/=]{44}):$/

/** The `Content-Digest` field of a body (RFC 9530), by SHA-256. */
export async function contentDigest(body: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha-256=:${toBase64(await sha256(body))}:`
}

/** Whether the field is the SHA-256 of the body, and nothing else. */
export async function isDigestOf(field: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const claimed = fromBase64(FIELD.exec(field)?.[1] ?? '')
  if (claimed?.length !== 32) return false
  const digest = await sha256(body)
  return digest.every((byte, i) => byte === claimed[i])
}

async function sha256(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await subtleCrypto().digest('SHA-256', body))
}

let loaded: typeof import('http-message-sig') | undefined

/** The library of RFC 9421. Loads when the first request is signed or verified: whoever does neither does without it. */
export async function messageSignatures(): Promise<typeof import('http-message-sig')> {
  loaded ??= await import('http-message-sig')
  return loaded
}

const SCHEME = 'CACAO '
// Servers take 8 to 16 kB of headers in all.
const MAX_LENGTH = 16_384
const CHARACTERS = /^[-\w]+$/

/** What travels in the `Authorization` header: unpadded base64url of the capability's DAG-JSON. */
export function authorizationOf(cacao: Cacao): string {
  const token = toBase64url(utf8(encodeDagJSON(cacao)))
  if (token.length <= MAX_LENGTH) return SCHEME + token
  throw new SessionError(
    'ERR_REQUEST_TOO_LARGE',
    `the capability takes ${token.length} characters, and no server takes more than ${MAX_LENGTH} in a header: ask for fewer resources, such as one that ends in "/*"`,
  )
}

/** Whether the header's value is one of ours, by its scheme. */
export function isCacaoAuthorization(value: string): boolean {
  return value.slice(0, SCHEME.length).toUpperCase() === SCHEME
}

/**
 * The token in an `Authorization` header, as far as its characters go: what is longer, or could be slow to read, is seen
 * by nothing else. Throws `ERR_REQUEST_UNSIGNED` for another scheme or none, else `ERR_CAPABILITY_INVALID`.
 */
export function tokenOf(authorization: string | null | undefined): string {
  if (typeof authorization === 'string' && isCacaoAuthorization(authorization)) {
    const token = authorization.slice(SCHEME.length)
    if (token.length <= MAX_LENGTH && CHARACTERS.test(token)) return token
    throw malformed()
  }
  throw new SessionError(
    'ERR_REQUEST_UNSIGNED',
    'the request carries no capability: sign it with session.fetch or session.signRequest',
  )
}

/** The capability in a token. Throws `ERR_CAPABILITY_INVALID` for anything but a CACAO. */
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
    `malformed capability: the token must be unpadded base64url of DAG-JSON, of up to ${MAX_LENGTH} characters`,
  )
}
