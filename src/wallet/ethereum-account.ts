import { type AccountInput, accountArgument } from '../base/account.js'

/** The Ethereum account that the caller named. Throws a `TypeError` if it is of another namespace. */
export function ethereumArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (!account.startsWith('eip155:'))
    throw new TypeError(`account must be an Ethereum account (eip155:…), not ${account}`)
  return account
}
