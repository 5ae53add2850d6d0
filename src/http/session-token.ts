import { accountDID } from '../base/account.js'
import { fromUtf8, utf8 } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import { isPlainObject } from '../base/options.js'
import { plainJSON } from '../base/plain-json.js'
import { assertValidAt, type Cacao, expiryTime, issuerAccount } from '../capability/cacao.js'
import { decodeDagJSON, encodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { knownKey } from '../key/did-key.js'
import type { KeyType, SessionKey, SessionKeyType } from '../key/session-key.js'
import type { VerifyKeySignature } from '../key/verify.js'
import type { ReceivedCapability } from './capability-gate.js'
import { keyURL, SIGNATURE_LIFETIME_SECS } from './signature-profile.js'

// A session signs a token where no request can be signed. The token is a JWT (RFC 7519) in the form of a compact JWS
// (RFC 7515), in a fixed profile: the header has the algorithm, the session key, the type and the capability; the
// payload has the audience and expiry.

/**
 * The kinds of tokens. Each kind has its own `typ` (RFC 8725 §3.11), so that a token of one kind is not accepted as
 * another. An app sends a `token` in a message of its own protocol; a signed URL ends with a `url` token.
 */
const TOKEN_TYPES = { token: 'cacao-session+jwt', url: 'cacao-session-url+jwt' } as const

export type TokenKind = keyof typeof TOKEN_TYPES

/** Seconds for which a token is valid by default. */
export const DEFAULT_TOKEN_SECS = 60
/** The longest token, in characters: common servers accept no longer header. */
const MAX_TOKEN_LENGTH = 16_384

const ALGORITHMS: Readonly<Record<SessionKeyType, string> & Partial<Record<KeyType, string>>> = {
  'P-256': 'ES256',
  Ed25519: 'Ed25519',
}
/** The most levels of nesting of a token's payload. */
export const MOST_LEVELS = 16
const ID_BYTES = 16
// At least 128 random bits, in hex, base64url or letters and digits.
const ID = /^[-\w]{22,128}$/

/** An app's own claims in a token. */
export type TokenClaims = Readonly<Record<string, unknown>>

/** The content of a token that is to be signed. */
interface WantedToken {
  readonly audience: string
  readonly expiresInSecs: number
  readonly claims?: TokenClaims | undefined
}

/**
 * Signs a token with the session key. The capability must be valid at `now`; `createdAt` is the current time by the
 * clock of the server that the token is for; both are milliseconds since 1970. The token expires after `expiresInSecs`,
 * or with the capability if that is earlier. Rejects with `ERR_CAPABILITY_EXPIRED` or `_NOT_YET_VALID`, and with
 * `ERR_REQUEST_TOO_LARGE` if the token would have more than 16,384 characters.
 */
export async function signToken(
  kind: TokenKind,
  { audience, expiresInSecs, claims }: WantedToken,
  { key, cacao }: { readonly key: SessionKey; readonly cacao: Cacao },
  now: number,
  createdAt: number = now,
): Promise<string> {
  assertValidAt(cacao, now)
  const iat = Math.floor(createdAt / 1000)
  const lifetime = Math.floor(Math.min(expiresInSecs, (expiryTime(cacao) - now) / 1000))
  if (lifetime < 1)
    throw new SessionError('ERR_CAPABILITY_EXPIRED', 'the capability expires within a second: sign in again')
  const payload = {
    aud: audience,
    ...(claims && { claims }),
    exp: iat + lifetime,
    iat,
    iss: accountDID(issuerAccount(cacao)),
    jti: toBase64url(crypto.getRandomValues(new Uint8Array(ID_BYTES))),
  }
  const input = [headerText(kind, key, cacao), JSON.stringify(payload)]
    .map((part) => toBase64url(utf8(part)))
    .join('.')
  const token = `${input}.${toBase64url(await key.sign(utf8(input)))}`
  if (token.length <= MAX_TOKEN_LENGTH) return token
  throw new SessionError(
    'ERR_REQUEST_TOO_LARGE',
    `the token has ${token.length} characters, and servers accept at most ${MAX_TOKEN_LENGTH} in a header: ask for fewer resources, such as one that ends in "/*", and shorten its claims`,
  )
}

// DAG-JSON has exactly one text for each value, so `readToken` can compare texts.
function headerText(kind: TokenKind, { did, type }: Pick<SessionKey, 'did' | 'type'>, cacao: Cacao): string {
  return encodeDagJSON({ alg: ALGORITHMS[type], cacao, kid: keyURL(did), typ: TOKEN_TYPES[kind] })
}

/** A token whose form and times were checked, but not its signature. Times are milliseconds since 1970. */
export interface ReadToken {
  readonly audience: string
  /** The account's DID, as the token claims it. */
  readonly issuer: string
  readonly id: string
  readonly claims: TokenClaims
  readonly created: number
  /** The expiry by the client's clock: the signed one, or `maxAge` after `created` if that is earlier. */
  readonly expires: number
  /** The time from which the token is refused: when it has expired by the slowest clock that `clockSkew` allows. */
  readonly refusedFrom: number
  /** The capability in the header. Call its `read` only after `isSigned` returned `true`. */
  readonly capability: ReceivedCapability
  /** Whether the token was signed by the key that it names. */
  isSigned(verify: VerifyKeySignature): Promise<boolean>
}

/** The limits for the times of a token, in milliseconds; `now` is since 1970. */
export interface TokenTimes {
  readonly now: number
  readonly maxAge: number
  readonly clockSkew: number
}

/**
 * Reads a token of this kind. Throws `ERR_JWS_INVALID` for anything that a session would not write: another type,
 * unknown or repeated members, another spelling, an algorithm that doesn't fit the key. Throws `ERR_REQUEST_STALE` for
 * a token that is expired, too old, from the future, or valid for more than an hour.
 */
export function readToken(token: unknown, kind: TokenKind, times: TokenTimes): ReadToken {
  if (typeof token !== 'string') throw invalid('it must be a string')
  if (token.length > MAX_TOKEN_LENGTH) throw invalid(`it must have at most ${MAX_TOKEN_LENGTH} characters`)
  const parts = token.split('.')
  const [headBytes, bodyBytes, signature] = parts.map((part) => fromBase64url(part))
  if (parts.length !== 3 || !headBytes || !bodyBytes || !signature)
    throw invalid('it must be a header, a payload and a signature in base64url, with dots between them')
  const [head = '', body = ''] = parts
  const { alg, cacao, kid, typ, ...unknown } = headerOf(headBytes)
  if (typ !== TOKEN_TYPES[kind]) throw invalid(`its typ must be ${TOKEN_TYPES[kind]}`)
  if (Object.keys(unknown).length > 0) throw invalid('its header must have only alg, cacao, kid and typ')
  const [keyDID = ''] = typeof kid === 'string' ? kid.split('#', 1) : []
  const publicKey = kid === keyURL(keyDID) ? knownKey(keyDID) : undefined
  if (!publicKey || alg === undefined || alg !== ALGORITHMS[publicKey.type])
    throw invalid('its kid must be the URL of a did:key that fits its alg: ES256 or Ed25519')
  const { type } = publicKey as { readonly type: SessionKeyType }
  return {
    ...contentOf(payloadOf(bodyBytes), times),
    capability: {
      text: head,
      keyDID,
      read() {
        const read = parseCacao(cacao)
        if (headerText(kind, { did: keyDID, type }, read) !== fromUtf8(headBytes))
          throw invalid('its header must be DAG-JSON, and have no member twice')
        return read
      },
    },
    isSigned: async (verify) => (await verify(publicKey, signature, utf8(`${head}.${body}`))) === true,
  }
}

function headerOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const header = decodeDagJSON(fromUtf8(bytes) ?? '')
  if (isPlainObject(header)) return header
  throw invalid('its header must be a JSON object')
}

function payloadOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const text = fromUtf8(bytes) ?? ''
  let payload: unknown
  let isOneSpelling: boolean
  try {
    payload = plainJSON(text, MOST_LEVELS)
    isOneSpelling = JSON.stringify(payload) === text
  } catch (cause) {
    throw invalid('its payload must be JSON', cause)
  }
  if (!isPlainObject(payload)) throw invalid('its payload must be a JSON object')
  if (!isOneSpelling)
    throw invalid('its payload must be as JSON.stringify writes it, and have no member twice')
  return payload
}

function contentOf(
  { aud, claims = {}, exp, iat, iss, jti, ...unknown }: Readonly<Record<string, unknown>>,
  times: TokenTimes,
): Omit<ReadToken, 'capability' | 'isSigned'> {
  if (Object.keys(unknown).length > 0)
    throw invalid('its payload must have only aud, claims, exp, iat, iss and jti')
  if (typeof aud !== 'string' || typeof iss !== 'string')
    throw invalid('its aud and iss must each be one string')
  if (typeof jti !== 'string' || !ID.test(jti)) throw invalid('its jti must have at least 128 random bits')
  if (!isPlainObject(claims)) throw invalid('its claims must be an object')
  if (!Number.isSafeInteger(iat) || !Number.isSafeInteger(exp))
    throw invalid('its iat and exp must be whole numbers of seconds')
  return { audience: aud, issuer: iss, id: jti, claims, ...lifeOf(iat as number, exp as number, times) }
}

function lifeOf(
  iat: number,
  exp: number,
  { now, maxAge, clockSkew }: TokenTimes,
): Pick<ReadToken, 'created' | 'expires' | 'refusedFrom'> {
  const created = iat * 1000
  const expires = Math.min(exp * 1000, created + maxAge)
  const refusedFrom = expires + clockSkew
  const isLife = exp > iat && exp - iat <= SIGNATURE_LIFETIME_SECS
  // Not negated, so that a token is refused if the clock returns NaN.
  if (isLife && created <= now + clockSkew && now < refusedFrom) return { created, expires, refusedFrom }
  throw tokenRefused(
    'ERR_REQUEST_STALE',
    `it is older than ${maxAge / 1000} seconds, expired, from the future, or valid for more than ${SIGNATURE_LIFETIME_SECS} seconds (clocks may differ by ${clockSkew / 1000} seconds): create a new token, and check the clocks of both machines`,
  )
}

/** The error for a token that is refused. */
export function tokenRefused(
  code: 'ERR_JWS_INVALID' | 'ERR_REQUEST_STALE' | 'ERR_REQUEST_REPLAYED' | 'ERR_REQUEST_LIMIT',
  reason: string,
  cause?: unknown,
): SessionError {
  return new SessionError(
    code,
    `the token is refused: ${reason}`,
    cause === undefined ? undefined : { cause },
  )
}

function invalid(reason: string, cause?: unknown): SessionError {
  return tokenRefused('ERR_JWS_INVALID', reason, cause)
}
