import { SessionError } from '../base/errors.js'
import { authError } from '../capability/auth-method.js'

// Entries load this file only once something has failed, so that they stay small for pages that look for a session.

/** Converts an error of an Ethereum wallet: `ERR_AUTH_REJECTED` if the person said no, and else `ERR_AUTH_FAILED`. */
export const ethereumError: (cause: unknown) => SessionError = authError

// Wallets of the Wallet Standard have no error codes: a rejection can only be recognised by its message.
const REJECTED = /reject|denied|declin|cancel/i

/** The same for a Solana wallet. */
export function solanaError(cause: unknown): SessionError {
  const error = authError(cause)
  if (error.code !== 'ERR_AUTH_FAILED' || !(cause instanceof Error && REJECTED.test(cause.message)))
    return error
  return new SessionError(
    'ERR_AUTH_REJECTED',
    'the request was rejected in the wallet: ask again when the person is ready',
    { cause },
  )
}

/** The error for a wallet that shows no account: `ERR_AUTH_FAILED`. */
export function noAccountError(): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    'the wallet shows no account: ask the person to unlock it and to connect it to this site',
  )
}
