// By hand because a page needs it before it knows whether someone is signed in: multiformats' codec, which takes 1.9 kB of the
// 12.5 kB that the main entry may load (gzip), does the same. A test compares the two.
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Base58btc. Takes time that grows with the square of the length: for keys, not for documents. */
export function toBase58(bytes: Uint8Array): string {
  let number = 0n
  for (const byte of bytes) number = number * 256n + BigInt(byte)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  return '1'.repeat(leading(bytes, 0)) + text
}

/** The bytes, or `undefined` for a character outside the alphabet. No two texts have the same ones. */
export function fromBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = Array.from(text, (character) => ALPHABET.indexOf(character))
  if (digits.includes(-1)) return undefined
  let number = digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n)
  const bytes: number[] = []
  for (; number > 0n; number /= 256n) bytes.push(Number(number % 256n))
  return Uint8Array.from([...Array<number>(leading(digits, 0)).fill(0), ...bytes.reverse()])
}

/** How many values are as wanted before the first that is not: a leading zero byte is a leading digit `1`. */
function leading(values: ArrayLike<number>, wanted: number): number {
  let count = 0
  while (values[count] === wanted) count++
  return count
}
