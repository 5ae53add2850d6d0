// Written by hand because a page needs it before it knows whether someone is signed in. The codec of multiformats would take
// 1.9 kB of the 12.5 kB (gzip) that the main entry may load. A test compares the two.
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Encodes bytes in base58btc. Takes time quadratic in the length, so use it for keys, not for documents. */
export function toBase58(bytes: Uint8Array): string {
  let number = 0n
  for (const byte of bytes) number = number * 256n + BigInt(byte)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  // A leading zero byte is written as the digit `1`.
  return '1'.repeat(countLeading(bytes, 0)) + text
}

/** Decodes base58btc; `undefined` if a character is not in the alphabet. No two texts decode to the same bytes. */
export function fromBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = Array.from(text, (character) => ALPHABET.indexOf(character))
  if (digits.includes(-1)) return undefined
  let number = digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n)
  const bytes: number[] = []
  for (; number > 0n; number /= 256n) bytes.push(Number(number % 256n))
  return Uint8Array.from([...Array<number>(countLeading(digits, 0)).fill(0), ...bytes.reverse()])
}

function countLeading(values: ArrayLike<number>, wanted: number): number {
  let count = 0
  while (values[count] === wanted) count++
  return count
}
