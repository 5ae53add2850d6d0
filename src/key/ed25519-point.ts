import { toHex } from '../base/hex.js'

// The y of the eight points of small order (RFC 7748 and 8032 allow them), in hex of little-endian bytes without the sign of x.
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
])

/**
 * Whether 32 bytes may be somebody's Ed25519 public key: not one of small order, in whose name anybody can sign, and written in its
 * one form. Of two forms of a key (a y of the field's order 2²⁵⁵ - 19 or more, a sign where x is zero) engines take one or both.
 * Whether the point is on the curve is for them to find out.
 */
export function isEd25519Key(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = Uint8Array.from(bytes)
  y[31] = (y[31] ?? 0) & 0x7f
  const isBelowOrder = (y[0] ?? 0) < 0xed || y[31] < 0x7f || y.subarray(1, 31).some((byte) => byte < 0xff)
  // Where x is zero, y is 1 or -1: those are of small order, whatever the sign.
  return isBelowOrder && !SMALL_ORDER.has(toHex(y))
}
