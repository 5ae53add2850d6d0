import { type AccountInput, accountArgument } from '../../base/account.js'
import { SessionError } from '../../base/errors.js'
import type { SolanaSigner } from './signer.js'

// CAIP-2 identifies a Solana network by the first 32 characters of its genesis hash; wallets use these names.
// The order is that of the Wallet Standard.
const GENESIS_HASHES = new Map([
  ['mainnet', '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'],
  ['devnet', 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1'],
  ['testnet', '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z'],
])
const REFERENCE = /^[1-9A-HJ-NP-Za-km-z]{32}$/

/** Parses an account id that the caller gave. Throws a `TypeError` unless it is a Solana account (`solana:…`). */
export function solanaArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (!account.startsWith('solana:'))
    throw new TypeError(`account must be a Solana account (solana:…), not ${account}`)
  return account
}

/**
 * Asks the wallet for its chosen account and returns the CAIP-10 id. The network is `chain`, or else the one that
 * the wallet names, or else `mainnet`. With `silent` the wallet never opens. Returns `undefined` if it shows no
 * account. Throws `ERR_AUTH_REJECTED` or `ERR_AUTH_FAILED`, and a `TypeError` for an unknown network.
 */
export async function walletAccount(
  wallet: SolanaSigner,
  chain: string | undefined,
  silent: boolean,
): Promise<string | undefined> {
  if (chain !== undefined && !solanaReference(chain))
    throw new TypeError('chain must be "mainnet", "testnet", "devnet", or a CAIP-2 id')
  const [account] = await wallet.accounts(silent).catch(async (cause: unknown) => {
    const { authError } = await import('../../capability/auth-method.js')
    throw authError(cause)
  })
  if (!account) return undefined
  const reference = solanaReference(chain ?? preferredChain(account.chains) ?? '')
  if (reference) return solanaArgument(`solana:${reference}:${account.address}`)
  throw new SessionError(
    'ERR_AUTH_FAILED',
    `the wallet's account is on ${account.chains.join(', ').slice(0, 100)}, which no CAIP-2 id names: switch the wallet to mainnet, testnet or devnet`,
  )
}

/** Of the networks of an account the one to sign in on: mainnet, if it is among them. A wallet may name none. */
function preferredChain(chains: readonly string[]): string | undefined {
  if (chains.length === 0) return 'mainnet'
  const known = [...GENESIS_HASHES].flatMap(([name, hash]) => [`solana:${name}`, `solana:${hash}`])
  return known.find((chain) => chains.includes(chain)) ?? chains.find((chain) => solanaReference(chain))
}

/** The CAIP-2 reference of a network: `mainnet`, `solana:mainnet` and a reference itself are all accepted. */
function solanaReference(chain: string): string | undefined {
  const name = chain.replace(/^solana:/, '')
  return GENESIS_HASHES.get(name) ?? (REFERENCE.test(name) ? name : undefined)
}
