import { toHex } from '../../src/base/hex.js'
import { bytesOf } from './wycheproof.js'

const SEQUENCE = 0x30
const INTEGER = 0x02

/**
 * The r and s (64 bytes) of an ECDSA signature in strict DER (X.690, 10), or `undefined` for any other encoding
 * and for numbers that are negative or need more than 32 bytes.
 */
export function fromDER(signature: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const [tag, length] = signature
  if (tag !== SEQUENCE || length !== signature.length - 2 || length >= 0x80) return undefined
  const r = integerAt(signature, 2)
  const s = r && integerAt(signature, r.end)
  return s?.end === signature.length ? bytesOf(r?.hex + s.hex) : undefined
}

function integerAt(bytes: Uint8Array, at: number): { hex: string; end: number } | undefined {
  const length = bytes[at + 1] ?? 0
  const end = at + 2 + length
  const [first = 0x80, second = 0x80] = bytes.subarray(at + 2, end)
  const padded = length > 1 && first === 0 && second < 0x80
  if (bytes[at] !== INTEGER || length === 0 || end > bytes.length || first >= 0x80 || padded) return undefined
  const hex = toHex(bytes.subarray(at + 2, end)).replace(/^(?:00)+/, '')
  return hex.length > 64 ? undefined : { hex: hex.padStart(64, '0'), end }
}
