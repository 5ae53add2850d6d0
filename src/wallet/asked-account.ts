import { type AccountInput, accountArgument } from '../base/account.js'
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

/** The Ethereum account that the caller named. Throws a `TypeError` if it is of another namespace. */
export function ethereumArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (!account.startsWith('eip155:'))
    throw new TypeError(`account must be an Ethereum account (eip155:…), not ${account}`)
  return account
}
