import { type AccountInput, accountArgument, parseAccount } from '../../base/account.js'
import { chainArgument, chainReference } from './chain-id.js'
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
 * Throws `ERR_AUTH_REJECTED` or `ERR_AUTH_FAILED`, and a `TypeError` for a `chainId` that names no chain.
 */
export async function walletAccount(
  wallet: EthereumSigner,
  chainId: number | undefined,
  silent: boolean,
): Promise<string | undefined> {
  const chosen = chainArgument(chainId)
  try {
    const addresses = await wallet.addresses(silent)
    const [address] = Array.isArray(addresses) ? addresses : []
    if (address === undefined) return undefined
    const reference = chosen ?? (await walletChain(wallet))
    const account = parseAccount(`eip155:${reference}:${address}`)
    if (!account) throw new Error('it answered with something that is not an Ethereum address')
    return `eip155:${account.reference}:${account.address}`
  } catch (cause) {
    const { authError } = await import('../../capability/auth-method.js')
    throw authError(cause)
  }
}

// A private key is on no chain, and says `undefined`.
async function walletChain(wallet: EthereumSigner): Promise<string> {
  const answer = await wallet.chainId()
  const reference = answer === undefined ? '1' : chainReference(answer)
  if (reference === undefined) throw new Error('it does not say which chain it is on')
  return reference
}
