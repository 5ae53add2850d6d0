import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import { hasCode, isRejection, reasonOf } from './rejection.js'

// This file is loaded only once something has failed, so that entries stay small for pages that look for a session.

// "Resource unavailable" (EIP-1474): wallets return it while another request of the page is open.
const PENDING = -32002
const MAX_REASON = 200

/**
 * Converts whatever a wallet, a key or an auth method threw: `ERR_AUTH_REJECTED` if the person said no, and else
 * `ERR_AUTH_FAILED`. A `SessionError` is returned as it is.
 */
export function walletError(cause: unknown): SessionError {
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

/** The error for a wallet that shows no account: `ERR_AUTH_FAILED`. */
export function noAccountError(): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    'the wallet shows no account: ask the person to unlock it and to connect it to this site',
  )
}
