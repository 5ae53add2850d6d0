import { SessionError } from '../base/errors.js'

/** Returns the error for a missing wallet (`ERR_WALLET_NOT_FOUND`). A sign-in button shows its message to the person. */
export function walletNotFound(): SessionError {
  return new SessionError(
    'ERR_WALLET_NOT_FOUND',
    'no wallet was found: install one, or use a passkey (in a script: the private key is not set)',
  )
}
