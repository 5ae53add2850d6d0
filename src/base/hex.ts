import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { oneSpelling } from './one-spelling.js'

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return bytesToHex(bytes)
}

/** The bytes of pairs of hex digits, in either case, because people copy addresses and keys in both. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text.toLowerCase(), { baseEncode: bytesToHex, baseDecode: hexToBytes })
}
