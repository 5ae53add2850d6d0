import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8 } from './bytes.js'
import { toHex } from './hex.js'
import { LRUCache } from './lru-cache.js'

// A server that checks one signature of an account usually checks many.
const checksummed = new LRUCache<string>(1000)

/**
 * Returns the address with its checksum, which is the case of its letters (EIP-55). Accepts `0x` and 40 hex digits in
 * any case.
 */
export function toEIP55(address: string): string {
  const digits = address.slice(2).toLowerCase()
  const cached = checksummed.get(digits)
  if (cached !== undefined) return cached
  const hash = toHex(keccak_256(utf8(digits)))
  const letters = Array.from(digits, (digit, i) => (hash.charAt(i) >= '8' ? digit.toUpperCase() : digit))
  // Joined in one step, because an engine keeps all parts of a concatenated text in memory, and servers keep many
  // addresses.
  const written = ['0x', ...letters].join('')
  checksummed.set(digits, written)
  return written
}
