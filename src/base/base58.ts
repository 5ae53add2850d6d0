import { base58btc } from 'multiformats/bases/base58'
import { oneSpelling } from './one-spelling.js'

/** Base58btc. Takes time that grows with the square of the length: for keys, not for documents. */
export function toBase58(bytes: Uint8Array): string {
  return base58btc.baseEncode(bytes)
}

export function fromBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base58btc)
}
