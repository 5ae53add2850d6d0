import { sha256 } from '@noble/hashes/sha2.js'
import { concat } from './bytes.js'

const BLOCK_BYTES = 64

/**
 * HMAC-SHA-256 (RFC 2104), at once: WebCrypto's can only be waited for. Written out because it is two hashes, and a library's
 * would be a thirtieth of what a server that verifies loads.
 */
export function hmacSHA256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key)
  const padded = (pad: number): Uint8Array => block.map((byte) => byte ^ pad)
  return sha256(concat(padded(0x5c), sha256(concat(padded(0x36), message))))
}
