import type { Clock } from '../base/environment.js'
import {
  check,
  isPlainObject,
  type ReadValue,
  readOptions,
  required,
  setting,
  textOption,
  wrong,
} from '../base/options.js'
import { plainJSON } from '../base/plain-json.js'
import { parseURL } from '../base/url.js'
import type { Cacao } from '../capability/cacao.js'
import { sentURL } from '../http/sent-url.js'
import { timeAt } from '../http/server-clock.js'
import { DEFAULT_TOKEN_SECS, MOST_LEVELS, signToken, type TokenClaims } from '../http/session-token.js'
import { SIGNATURE_LIFETIME_SECS } from '../http/signature-profile.js'
import { assertCovered, originsOption } from '../http/signed-fetch.js'
import { hasURLSignature, signedReference, withURLSignature } from '../http/signed-url.js'
import type { SessionKey } from '../key/session-key.js'

/** Options of `session.createToken`. */
export interface CreateTokenOptions {
  /**
   * The text by which the server recognizes tokens for it, such as `wss://api.example.com/live`. It is compared
   * exactly.
   */
  audience: string
  /** Seconds until the token expires, from 1 to 3600; 60 by default. The token never outlives the session. */
  expiresInSecs?: number
  /**
   * The app's own claims: a JSON object. The server knows that this session made them, but not whether they are true.
   */
  claims?: TokenClaims
}

/** Options of `session.signURL`. */
export interface SignURLOptions {
  /** Seconds until the URL expires, from 1 to 3600; 60 by default. The URL never outlives the session. */
  expiresInSecs?: number
  /**
   * Origins whose URLs may be signed, in addition to the origins that the session's resources cover:
   * `['https://api.example.com']`. If the session's resources are not URLs, every origin must be listed here.
   */
  origins?: readonly string[] | undefined
}

/** The session that signs. */
interface Signer {
  readonly key: SessionKey
  readonly cacao: Cacao
}

const lifetimeOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value >= 1 && value <= SIGNATURE_LIFETIME_SECS) return value
  throw wrong(name, `a number of seconds from 1 to ${SIGNATURE_LIFETIME_SECS}`)
}

const audienceOption = textOption('the text that the server expects, such as "wss://api.example.com/live"')

// Returns a copy that went through JSON, so that the signed claims are exactly those that the server reads.
const claimsOption: ReadValue<TokenClaims> = (value, name) => {
  const form = 'a JSON object, nested at most 15 levels deep: { room: "kitchen" }'
  let claims: unknown
  try {
    ;({ claims } = plainJSON(JSON.stringify({ claims: value }), MOST_LEVELS) as { claims?: unknown })
  } catch {
    throw wrong(name, form)
  }
  if (isPlainObject(value) && isPlainObject(claims)) return claims
  throw wrong(name, form)
}

/**
 * Signs a token for a server. See `DIDSession.createToken`. Rejects as `signToken` does, and with a `TypeError` for a
 * wrong option.
 */
export async function createToken(session: Signer, options: CreateTokenOptions, now: Clock): Promise<string> {
  const {
    audience,
    expiresInSecs = DEFAULT_TOKEN_SECS,
    claims,
  } = readOptions<{
    audience: string
    expiresInSecs: number | undefined
    claims: TokenClaims | undefined
  }>(options, {
    audience: required(audienceOption),
    expiresInSecs: check(lifetimeOption),
    claims: check(claimsOption),
  })
  const wanted = { audience, expiresInSecs, claims }
  return signToken('token', wanted, session, now(), timeAt(originOf(audience), now))
}

/**
 * Returns the URL with a token at the end of its query. See `DIDSession.signURL`. Rejects with
 * `ERR_CAPABILITY_RESOURCES` for an origin that the session does not cover and `origins` does not allow, as `signToken`
 * does, and with a `TypeError` for a wrong option or a URL that can't be signed.
 */
export async function signURL(
  session: Signer,
  input: string | URL,
  options: SignURLOptions,
  now: Clock,
): Promise<string> {
  const { expiresInSecs = DEFAULT_TOKEN_SECS, origins } = readOptions<{
    expiresInSecs: number | undefined
    origins: readonly string[] | undefined
  }>(options, { expiresInSecs: check(lifetimeOption), origins: setting(originsOption) })
  // `Request` resolves the URL relative to the page and refuses credentials, as `fetch` does.
  const url = new URL(new Request(input).url)
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('url must be an http or https URL')
  if (hasURLSignature(url.search)) throw new TypeError('url is signed already: sign the plain URL')
  assertCovered(url, session.cacao.p.resources ?? [], origins, 'the URL is not signed')
  const wanted = { audience: signedReference(new URL(sentURL(url.href))), expiresInSecs }
  return withURLSignature(url, await signToken('url', wanted, session, now(), timeAt(url.origin, now)))
}

// `session.fetch` stores the clock difference of a server by its http or https origin.
function originOf(audience: string): string {
  return parseURL(audience.replace(/^ws/i, 'http'))?.origin ?? ''
}
