// CAIP-2 names a Solana network by the first 32 characters of its genesis hash; wallets by a word.
const GENESIS = new Map([
  ['mainnet', '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'],
  ['testnet', '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z'],
  ['devnet', 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1'],
])
const REFERENCE = /^[1-9A-HJ-NP-Za-km-z]{32}$/

/** The CAIP-2 reference of a network: from `mainnet`, `solana:mainnet`, or a reference. */
export function solanaReference(chain: string): string | undefined {
  const name = chain.replace(/^solana:/, '')
  return GENESIS.get(name) ?? (REFERENCE.test(name) ? name : undefined)
}
