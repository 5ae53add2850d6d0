import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'

/** What an auth method is asked to have signed; the shape of `@didtools/cacao`. Times are RFC 3339 date-times. */
export interface AuthMethodOpts {
  domain?: string
  address?: string
  statement?: string
  /** The session key's did:key: becomes the capability's `aud`. */
  uri?: string
  version?: string
  nonce?: string
  issuedAt?: string
  expirationTime?: string
  notBefore?: string
  requestId?: string
  chainId?: string
  resources?: string[]
}

/**
 * Asks the person for a capability: a wallet's side of signing in. Any auth method of the did-session family
 * (`@didtools/pkh-ethereum` and its relatives) is one. What it returns is not trusted until it is checked.
 */
export type AuthMethod = (opts: AuthMethodOpts) => Promise<{ h: object; p: object; s?: object }>

// EIP-1193 "user rejected"; WalletConnect's; ethers'.
const REJECTIONS: readonly unknown[] = [4001, 5000, 'ACTION_REJECTED']

// JSON-RPC "resource unavailable": wallets say so while a request of this page is open.
const PENDING = -32002

/** A wallet's own error as ours: `ERR_AUTH_REJECTED` if the person said no, else `ERR_AUTH_FAILED`. */
export function authError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  if (isRejection(cause)) {
    return new SessionError(
      'ERR_AUTH_REJECTED',
      'the request was rejected in the wallet: ask again when the person is ready',
      { cause },
    )
  }
  const why = codeOf(cause) === PENDING ? 'it is asking for something already: look there' : messageOf(cause)
  return new SessionError('ERR_AUTH_FAILED', `the wallet failed: ${why}`, { cause })
}

// Libraries wrap the wallet's error: viem in `cause`, ethers in `error` or `info.error`.
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
    ? // Somebody else's words: on one line, and none that hide others.
      withoutHidden(String(error.message).slice(0, 200), () => ' ')
    : 'it gave no reason'
}
