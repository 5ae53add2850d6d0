import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'

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

// The codes for "user rejected" of EIP-1193, WalletConnect and ethers.
const REJECTIONS: readonly unknown[] = [4001, 5000, 'ACTION_REJECTED']

// "Resource unavailable" (EIP-1474): wallets return it while another request of the page is open.
const PENDING = -32002

/** The error for one that a wallet threw: `ERR_AUTH_REJECTED` if the person rejected the request, else `ERR_AUTH_FAILED`. */
export function authError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  if (isRejection(cause)) {
    return new SessionError(
      'ERR_AUTH_REJECTED',
      'the request was rejected in the wallet: ask again when the person is ready',
      { cause },
    )
  }
  const reason =
    codeOf(cause) === PENDING
      ? 'it has another request open: answer that one in the wallet first'
      : messageOf(cause)
  return new SessionError('ERR_AUTH_FAILED', `the wallet failed: ${reason}`, { cause })
}

// Libraries wrap the wallet's error: viem as `cause`, ethers as `error` or `info.error`.
function isRejection(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 5) return false
  const {
    code,
    cause,
    error: inner,
    info,
  } = error as { code?: unknown; cause?: unknown; error?: unknown; info?: unknown }
  return REJECTIONS.includes(code) || [cause, inner, info].some((next) => isRejection(next, depth + 1))
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)
    ? // Text from outside, so without line breaks and hidden characters.
      withoutHidden(String(error.message).slice(0, 200), () => ' ')
    : 'it gave no reason'
}
