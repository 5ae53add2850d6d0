const SEQUENCE = 0x30
const INTEGER = 0x02
const COORDINATE_BYTES = 32

/**
 * The r and s (64 bytes) of an ECDSA signature in DER (X.690), or `undefined` for any other encoding: one signature has one.
 */
export function rawOfDER(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined
  const raw = new Uint8Array(2 * COORDINATE_BYTES)
  let at = 2
  for (const end of [COORDINATE_BYTES, 2 * COORDINATE_BYTES]) {
    const number = integerAt(der, at)
    if (!number) return undefined
    at += 2 + number.length
    const bytes = number[0] === 0 ? number.subarray(1) : number
    if (bytes.length > COORDINATE_BYTES) return undefined
    raw.set(bytes, end - bytes.length)
  }
  return at === der.length ? raw : undefined
}

// The content of a number that is not negative and has no needless zero in front.
function integerAt(der: Uint8Array, at: number): Uint8Array | undefined {
  const length = der[at + 1] ?? 0
  const content = der.subarray(at + 2, at + 2 + length)
  const [first = 0x80, second = 0x80] = content
  const isPadded = length > 1 && first === 0 && second < 0x80
  const isGood = der[at] === INTEGER && length > 0 && content.length === length && first < 0x80 && !isPadded
  return isGood ? content : undefined
}
