import { SessionError } from '../base/errors.js'

/**
 * Decides which account signs in: the one that the auth method was made for, or else the one that the session
 * requests. Returns `undefined` if neither names one, which leaves the choice to the wallet. Throws
 * `ERR_CAPABILITY_ISSUER` if they name two different accounts.
 */
export function requestedAccount(own: string | undefined, requested: string | undefined): string | undefined {
  if (own && requested && own !== requested)
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `the session is for ${requested}, but the auth method is for ${own}: use the same account for both`,
    )
  return own ?? requested
}
