import { accountDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import type { AuthMethodOpts } from '../capability/auth-method.js'
import type { CacaoPayload } from '../capability/cacao.js'
import { parsePayload } from '../capability/parse-cacao.js'
import { parseDateTime } from '../capability/schema.js'
/** What the person reads and signs, where `DIDSession.get` or `authorize` don't say otherwise. */
export interface GrantTextOptions {
  /** Who asks: an RFC 3986 authority, with its port. `location.host` by default. */
  domain?: string
  /** One line in plain words. */
  statement?: string
  nonce?: string
  requestId?: string
}

const STATEMENT = 'Sign in and let this app act for you until the session expires.'
const ONE_WEEK_MS = 7 * 24 * 60 * 60 * 1000

/** What the account is to sign. Throws `ERR_ENVIRONMENT` if there is no domain to sign in to. */
export function grantPayload(account: string, opts: AuthMethodOpts, options: GrantTextOptions): CacaoPayload {
  const { resources, notBefore, issuedAt = new Date().toISOString() } = opts
  const domain = opts.domain ?? options.domain ?? globalThis.location?.host
  if (!domain) {
    throw new SessionError(
      'ERR_ENVIRONMENT',
      'no domain to sign in to: there is no location here, so give the domain option',
    )
  }
  const requestId = opts.requestId ?? options.requestId
  return parsePayload({
    domain,
    iat: issuedAt,
    iss: accountDID(account),
    aud: opts.uri,
    version: '1',
    nonce: opts.nonce ?? options.nonce ?? toHex(crypto.getRandomValues(new Uint8Array(12))),
    exp: opts.expirationTime ?? new Date((parseDateTime(issuedAt) ?? 0) + ONE_WEEK_MS).toISOString(),
    ...(notBefore !== undefined && { nbf: notBefore }),
    statement: opts.statement ?? options.statement ?? STATEMENT,
    ...(requestId !== undefined && { requestId }),
    ...(resources && { resources: [...resources] }),
  })
}
