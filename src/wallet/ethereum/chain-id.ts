import { parseAccount } from '../../base/account.js'

// The longest reference that CAIP-2 allows; in hex with 0x it is shorter.
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

/** Reads a chain that the caller named. Throws a `TypeError` for anything that names no chain. */
export function chainArgument(chain: unknown): string {
  const reference = chainReference(chain)
  if (reference === undefined) throw new TypeError('chainId must be the number of a chain, such as 1')
  return reference
}

/**
 * Returns the CAIP-10 id of what a wallet answered as its chain and its address. A private key is on no chain (`undefined`), and
 * has its account on chain 1. Throws an `Error` that says what is wrong with the answer.
 */
export function accountOn(chain: unknown, address: unknown): string {
  const reference = chain === undefined ? '1' : chainReference(chain)
  if (reference === undefined) throw new Error('it does not say which chain it is on')
  const account = parseAccount(`eip155:${reference}:${address}`)
  if (!account) throw new Error('it answered with something that is not an Ethereum address')
  return `eip155:${account.reference}:${account.address}`
}
