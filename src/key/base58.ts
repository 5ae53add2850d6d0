// Base58 of the few bytes in a did:key (multibase `z`). Written out because it is all that a page needs of a
// multibase library before it knows whether someone is signed in.
export const BASE58_ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Base58btc. Takes time that grows with the square of the length: for keys, not for documents. */
export function toBase58(bytes: Uint8Array): string {
  let number = 0n
  for (const byte of bytes) number = number * 256n + BigInt(byte)
  let text = ''
  for (; number > 0n; number /= 58n) text = BASE58_ALPHABET.charAt(Number(number % 58n)) + text
  return '1'.repeat(leading(bytes, 0)) + text
}

/** How many values are as wanted before the first that is not: a leading zero byte is a leading digit `1`. */
export function leading(values: Iterable<number>, wanted: number): number {
  let count = 0
  for (const value of values) {
    if (value !== wanted) break
    count++
  }
  return count
}
