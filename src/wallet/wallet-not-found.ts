import { SessionError } from '../base/errors.js'

/** The error for a page or a script that has no wallet to pass: `ERR_WALLET_NOT_FOUND`, in words for a button. */
export function walletNotFound(): SessionError {
  return new SessionError(
    'ERR_WALLET_NOT_FOUND',
    'no wallet was found: install one, or use a passkey (in a script: the private key is not set)',
  )
}
