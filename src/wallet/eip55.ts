import { keccak_256 } from '@noble/hashes/sha3.js'
import { toHex } from '../base/hex.js'
import { utf8 } from '../base/utf8.js'

// Whoever checks one signature of an account checks more: the addresses seen last are kept.
const known = new Map<string, string>()
const MOST_KNOWN = 1000

/** The address with its checksum in the case of its letters (EIP-55). Takes `0x` and 40 hex digits in any case. */
export function toEIP55(address: string): string {
  const digits = address.slice(2).toLowerCase()
  const seen = known.get(digits)
  if (seen !== undefined) return seen
  const hash = toHex(keccak_256(utf8(digits)))
  const checksummed = `0x${digits.replace(/[a-f]/g, (digit, i: number) => (hash.charAt(i) >= '8' ? digit.toUpperCase() : digit))}`
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(digits, checksummed)
  return checksummed
}
