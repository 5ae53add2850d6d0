import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import { hasCode, isRejection, reasonOf } from './rejection.js'

/** What an auth method must have signed; the options of `@didtools/cacao`. Times are RFC 3339 date-times. */
export interface AuthMethodOpts {
  domain?: string
  address?: string
  statement?: string
  /** The session key's did:key, which becomes the capability's `aud`. */
  uri?: string
  version?: string
  nonce?: string
  issuedAt?: string
  expirationTime?: string
  notBefore?: string
  requestId?: string
  /** The chain's reference of CAIP-2, `1`, as text: so the auth methods of did-session read it. Our own options take numbers. */
  chainId?: string
  resources?: string[]
}

/**
 * Asks the person's wallet for a capability. The auth methods of the did-session family (`@didtools/pkh-ethereum` and its
 * relatives) have this type too. What it returns is checked before it is used.
 */
export type AuthMethod = (opts: AuthMethodOpts) => Promise<{ h: object; p: object; s?: object }>

// "Resource unavailable" (EIP-1474): wallets return it while another request of the page is open.
const PENDING = -32002
const MAX_REASON = 200

/**
 * Converts whatever a wallet, a key or an auth method threw: `ERR_AUTH_REJECTED` if the person said no, and else
 * `ERR_AUTH_FAILED`. A `SessionError` is returned as it is.
 */
export function authError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  if (isRejection(cause))
    return new SessionError(
      'ERR_AUTH_REJECTED',
      'the request was rejected in the wallet: ask again when the person is ready',
      { cause },
    )
  const reason = hasCode(cause, PENDING)
    ? 'it has another request open: answer that one in the wallet first'
    : failureReason(cause)
  return new SessionError('ERR_AUTH_FAILED', `the wallet failed: ${reason}`, { cause })
}

/** What an error says, for a message: without line breaks and hidden characters, because the text comes from outside. */
export function failureReason(cause: unknown): string {
  return withoutHidden((reasonOf(cause) ?? 'it gave no reason').slice(0, MAX_REASON), () => ' ')
}
