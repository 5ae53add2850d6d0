import { SessionError } from '../base/errors.js'

// Entries load this file only once something has failed, so that they stay small for pages that look for a session.

/** The error for a wallet that shows no account: `ERR_AUTH_FAILED`. */
export function noAccountError(): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    'the wallet shows no account: ask the person to unlock it and to connect it to this site',
  )
}
