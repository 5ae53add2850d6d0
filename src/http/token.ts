import { fromBase64url, toBase64url } from '../base/base64.js'
import { SessionError } from '../base/errors.js'
import { fromUtf8, utf8 } from '../base/utf8.js'
import { type Cacao, parseCacao } from '../capability/cacao.js'
import { decodeDagJSON, encodeDagJSON } from '../capability/dag-json.js'

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
