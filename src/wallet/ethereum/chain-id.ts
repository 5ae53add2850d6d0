import { parseAccount } from '../../base/account.js'

// The longest reference that CAIP-2 allows, in decimal. The same number in hex with 0x is shorter.
const MAX_LENGTH = 32

/**
 * Returns the number of an Ethereum chain in decimal, from any of the forms in which wallets and nodes write it: a number, a
 * bigint, or text in decimal or in hex with `0x`. Returns `undefined` for anything else.
 */
export function chainReference(chain: unknown): string | undefined {
  const isText =
    typeof chain === 'string' && chain.length <= MAX_LENGTH && /^(0x[0-9a-f]+|[0-9]+)$/i.test(chain)
  if (!isText && !Number.isSafeInteger(chain) && typeof chain !== 'bigint') return undefined
  const id = BigInt(chain as string | number | bigint)
  const reference = String(id)
  return id > 0n && reference.length <= MAX_LENGTH ? reference : undefined
}

/** Parses a chain id that the caller gave, and returns it in decimal. Throws a `TypeError` if it is not the id of a chain. */
export function chainArgument(chain: unknown): string {
  const reference = chainReference(chain)
  if (reference === undefined) throw new TypeError('chainId must be the number of a chain, such as 1')
  return reference
}

/**
 * Returns the CAIP-10 id of an account, from the chain and the address that a wallet answered. The chain is `undefined` for a private
 * key, whose account is on chain 1. Throws an `Error` that says what is wrong with the answer.
 */
export function accountOn(chain: unknown, address: unknown): string {
  const reference = chain === undefined ? '1' : chainReference(chain)
  if (reference === undefined) throw new Error('it does not say which chain it is on')
  const account = parseAccount(`eip155:${reference}:${address}`)
  if (!account) throw new Error('it answered with something that is not an Ethereum address')
  return `eip155:${account.reference}:${account.address}`
}
