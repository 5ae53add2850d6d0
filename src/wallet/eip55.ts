import { keccak_256 } from '@noble/hashes/sha3.js'
import { toHex } from '../base/hex.js'
import { utf8 } from '../base/utf8.js'

/** The address with its checksum in the case of its letters (EIP-55). Takes `0x` and 40 hex digits in any case. */
export function toEIP55(address: string): string {
  const digits = address.slice(2).toLowerCase()
  const hash = toHex(keccak_256(utf8(digits)))
  return `0x${digits.replace(/[a-f]/g, (digit, i: number) => (hash.charAt(i) >= '8' ? digit.toUpperCase() : digit))}`
}
