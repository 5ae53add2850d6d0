import { SessionError } from '../base/errors.js'

/**
 * The account that is to sign: the auth method's own, or the one that the session is asked for; `undefined` leaves it to the
 * wallet. Throws `ERR_CAPABILITY_ISSUER` if those are two.
 */
export function askedAccount(own: string | undefined, wanted: string | undefined): string | undefined {
  if (own && wanted && own !== wanted)
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `the session is for ${wanted}, but the auth method for ${own}: use one account`,
    )
  return own ?? wanted
}
