import { accountDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import { hiddenCharacter } from '../base/hidden-characters.js'
import type { AuthMethodOpts } from '../capability/auth-method.js'
import type { CacaoPayload } from '../capability/cacao.js'
import { parseDateTime } from '../capability/cacao.js'
import { parsePayload } from '../capability/parse-cacao.js'

/** Fields of the message that the person reads and signs. Options of `DIDSession.get` and `authorize` take precedence. */
export interface SignInMessageOptions {
  /** The site to sign in to: an RFC 3986 authority, with its port. The default is `location.host`. */
  domain?: string
  /** One line of text that tells the person what they sign. */
  statement?: string
  nonce?: string
  requestId?: string
}

// A statement: the characters that ERC-4361 allows, and all others beyond ASCII, for other languages. A domain: the characters of an
// authority (RFC 3986).
const STATEMENT_CHARACTER = /[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;= ]|[^\p{ASCII}]/u
const DOMAIN_CHARACTER = /[A-Za-z0-9\-._~!$&'()*+,;=:@%[\]]/
const ADVICE: Readonly<Record<string, string>> = {
  statement: "ERC-4361 allows letters, digits, spaces and -._~:/?#[]@!$&'()*+,;=",
  domain: 'write the host as in location.host, without scheme and path, and in Punycode',
}

const DEFAULT_STATEMENT = 'Sign in and let this app act for you until the session expires.'
const ONE_WEEK_MS = 7 * 24 * 60 * 60 * 1000
const NONCE_BYTES = 12

/**
 * Builds the payload (CAIP-74) that the account signs, with defaults for whatever `opts` and `options` leave out.
 * Throws `ERR_ENVIRONMENT` if there is no domain.
 */
export function capabilityPayload(
  account: string,
  opts: AuthMethodOpts,
  options: SignInMessageOptions,
): CacaoPayload {
  const { resources, notBefore, issuedAt = new Date().toISOString() } = opts
  const domain = opts.domain ?? options.domain ?? pageHost()
  const requestId = opts.requestId ?? options.requestId
  const statement = opts.statement ?? options.statement ?? DEFAULT_STATEMENT
  assertCharacters('statement', statement, STATEMENT_CHARACTER)
  assertCharacters('domain', domain, DOMAIN_CHARACTER)
  return parsePayload({
    domain,
    iat: issuedAt,
    iss: accountDID(account),
    aud: opts.uri,
    version: '1',
    nonce: opts.nonce ?? options.nonce ?? toHex(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))),
    exp: opts.expirationTime ?? new Date((parseDateTime(issuedAt) ?? 0) + ONE_WEEK_MS).toISOString(),
    ...(notBefore !== undefined && { nbf: notBefore }),
    statement,
    ...(requestId !== undefined && { requestId }),
    ...(resources && { resources: [...resources] }),
  })
}

/** Throws `ERR_CAPABILITY_INVALID` for a character that `parsePayload` would refuse, and names it. */
function assertCharacters(name: string, text: string, accepted: RegExp): void {
  // `parsePayload` refuses a hidden character with a message that names its code point.
  if (hiddenCharacter(text)) return
  const characters = Array.from(text)
  const at = characters.findIndex((character) => !accepted.test(character))
  if (at < 0) return
  throw new SessionError(
    'ERR_CAPABILITY_INVALID',
    `the ${name} must not contain the character ${JSON.stringify(characters[at])} (position ${at + 1}): ${ADVICE[name]}`,
  )
}

function pageHost(): string {
  const { location } = globalThis
  if (location?.host) return location.host
  const why = location
    ? `this page (${location.protocol}) has no host: serve it over https, or from localhost, or`
    : 'this environment has no location:'
  throw new SessionError(
    'ERR_ENVIRONMENT',
    `there is no domain to sign in to, because ${why} set the domain option`,
  )
}

/**
 * Decides which account signs in: the one that the auth method was made for, or else the one that the session
 * requests. Returns `undefined` if neither names one, which leaves the choice to the wallet. Throws
 * `ERR_CAPABILITY_ISSUER` if they name two different accounts.
 */
export function requestedAccount(own: string | undefined, requested: string | undefined): string | undefined {
  if (own && requested && own !== requested)
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `the session is for ${requested}, but the auth method is for ${own}: use the same account for both`,
    )
  return own ?? requested
}
