// Base58 of the few bytes in a did:key (multibase `z`). Written out because it is all that a page needs of a
// multibase library before it knows whether someone is signed in.
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Base58btc. Takes time that grows with the square of the length: for keys, not for documents. */
export function toBase58(bytes: Uint8Array): string {
  let number = 0n
  for (const byte of bytes) number = number * 256n + BigInt(byte)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  return '1'.repeat(leading(bytes, 0)) + text
}

/** The bytes, or `undefined` for a character outside the alphabet. */
export function fromBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = Array.from(text, (character) => ALPHABET.indexOf(character))
  if (digits.includes(-1)) return undefined
  let number = digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n)
  const bytes: number[] = []
  for (; number > 0n; number /= 256n) bytes.push(Number(number % 256n))
  return Uint8Array.from([...Array<number>(leading(digits, 0)).fill(0), ...bytes.reverse()])
}

// Each leading zero byte is one leading `1`, which is the digit zero.
function leading(values: Iterable<number>, wanted: number): number {
  let count = 0
  for (const value of values) {
    if (value !== wanted) break
    count++
  }
  return count
}
