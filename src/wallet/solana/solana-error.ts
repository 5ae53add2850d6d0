import { SessionError } from '../../base/errors.js'
import { authError } from '../../capability/auth-method.js'

// Wallets of the Wallet Standard have no error codes: a rejection can only be recognised by its message.
const REJECTED = /reject|denied|declin|cancel/i

/** Converts an error of a Solana wallet to `ERR_AUTH_REJECTED` if the person said no, and else to `ERR_AUTH_FAILED`. */
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
