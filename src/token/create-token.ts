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
import { parseURL } from '../base/url.js'
import type { Cacao } from '../capability/cacao.js'
import { DEFAULT_TOKEN_SECS, plainJSON, signToken, type TokenClaims } from '../http/session-token.js'
import { SIGNATURE_LIFETIME_SECS } from '../http/signature-profile.js'
import { assertCovered, originsOption, timeAt } from '../http/signed-fetch.js'
import { hasURLSignature, signedReference, withoutFragment, withURLSignature } from '../http/signed-url.js'
import type { SessionKey } from '../key/session-key.js'

/** `session.createToken`. */
export interface CreateTokenOptions {
  /** For whom the token is: any text that the server expects, such as `wss://api.example.com/live`. It is compared exactly. */
  audience: string
  /** Seconds until the token expires, from 1 to 3600; 60 by default. It never outlives the session. */
  expiresInSecs?: number
  /** What the app says besides: a JSON object. The server gets it as this session's word, which nobody else has checked. */
  claims?: TokenClaims
}

/** `session.signURL`. */
export interface SignURLOptions {
  /** Seconds until the URL expires, from 1 to 3600; 60 by default. It never outlives the session. */
  expiresInSecs?: number
  /**
   * Origins whose URLs may be signed besides those that the session's resources cover: `['https://api.example.com']`. For a session
   * whose resources are no URLs, every origin must be named.
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

// A copy, as JSON writes it, so that what is signed is what the server reads.
const claimsOption: ReadValue<TokenClaims> = (value, name) => {
  const form = 'an object that JSON can write, nested at most 15 levels deep: { room: "kitchen" }'
  let claims: unknown
  try {
    ;({ claims } = plainJSON(JSON.stringify({ claims: value })) as { claims?: unknown })
  } catch {
    throw wrong(name, form)
  }
  if (isPlainObject(value) && isPlainObject(claims)) return claims
  throw wrong(name, form)
}

/** Signs a token for a server. See `DIDSession.createToken`. */
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
 * Signs a URL: the same one with a token at the end of its query. See `DIDSession.signURL`. Rejects with `ERR_CAPABILITY_RESOURCES`
 * for an origin that the session does not cover.
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
  // Relative to the page, and without credentials, as `fetch` reads it.
  const url = new URL(new Request(input).url)
  if (!/^https?:$/.test(url.protocol)) throw new TypeError('url must be an http or https URL')
  if (hasURLSignature(url.search)) throw new TypeError('url is signed already: sign the plain URL')
  assertCovered(url, session.cacao.p.resources ?? [], origins, 'the URL is not signed')
  const wanted = { audience: signedReference(withoutFragment(url)), expiresInSecs }
  return withURLSignature(url, await signToken('url', wanted, session, now(), timeAt(url.origin, now)))
}

// The clock of a server is known by its origin, under which `session.fetch` has asked it.
function originOf(audience: string): string {
  return parseURL(audience.replace(/^ws/i, 'http'))?.origin ?? ''
}
