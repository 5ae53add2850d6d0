import { type AccountInput, accountArgument } from '../../base/account.js'
import type { EthereumSigner } from './signer.js'

/** Parses an account id that the caller gave. Throws a `TypeError` unless it is an Ethereum account (`eip155:…`). */
export function ethereumArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (!account.startsWith('eip155:'))
    throw new TypeError(`account must be an Ethereum account (eip155:…), not ${account}`)
  return account
}

/**
 * Asks the wallet for its chosen account and returns the CAIP-10 id. The chain is `chainId`, or else the one that
 * the wallet is on, or else 1. With `silent` the wallet never opens. Returns `undefined` if it shows no account.
 * Throws `ERR_AUTH_REJECTED` or `ERR_AUTH_FAILED`, and a `TypeError` if `chainId` is not the id of a chain.
 */
export async function walletAccount(
  wallet: EthereumSigner,
  chainId: number | undefined,
  silent: boolean | undefined,
): Promise<string | undefined> {
  const chosen = chainId === undefined ? undefined : (await import('./chain-id.js')).chainArgument(chainId)
  try {
    const addresses = await wallet.addresses(silent)
    const [address] = Array.isArray(addresses) ? addresses : []
    if (address === undefined) return undefined
    const answer = chosen ?? (await wallet.chainId())
    // Loaded only now, because the wallet must open right after the click: browsers may block it after a delay.
    const { accountOn } = await import('./chain-id.js')
    return accountOn(answer, address)
  } catch (cause) {
    const { notConnected } = await import('../../capability/auth-method.js')
    return notConnected(cause, silent)
  }
}
