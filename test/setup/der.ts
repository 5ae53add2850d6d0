import { concat } from '../../src/base/bytes.js'
import { fromHex } from '../../src/base/hex.js'

/** An ECDSA signature in DER, as authenticators make it. */
export function derOf(r: bigint, s: bigint): Uint8Array<ArrayBuffer> {
  const numbers = concat(integer(r), integer(s))
  return concat(Uint8Array.of(0x30, numbers.length), numbers)
}

function integer(number: bigint): Uint8Array {
  const text = number.toString(16)
  const bytes = fromHex(text.padStart(text.length + (text.length % 2), '0')) ?? new Uint8Array()
  // A first bit of one would make the number negative.
  const content = (bytes[0] ?? 0) < 0x80 ? bytes : concat(Uint8Array.of(0), bytes)
  return concat(Uint8Array.of(0x02, content.length), content)
}
