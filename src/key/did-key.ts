import { toBase58 } from '../base/base58.js'
import { concat } from '../base/bytes.js'

/** The types of public key that a did:key of this library can hold. */
export type KeyType = 'Ed25519' | 'P-256' | 'secp256k1'

/** A public key: 32 bytes for Ed25519, and the compressed point (33 bytes, SEC 1) for P-256 and secp256k1. */
export interface PublicKey {
  readonly type: KeyType
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** For each type of key its multicodec, as an unsigned varint, and the length of the key in bytes. */
export const DID_KEY_FORMATS: ReadonlyArray<{
  type: KeyType
  prefix: readonly [number, number]
  length: number
}> = [
  { type: 'Ed25519', prefix: [0xed, 0x01], length: 32 },
  { type: 'P-256', prefix: [0x80, 0x24], length: 33 },
  { type: 'secp256k1', prefix: [0xe7, 0x01], length: 33 },
]

/** The did:key of a public key (did:key method, multibase `z`). Throws a `TypeError` if the bytes are no key of that type. */
export function encodeDIDKey({ type, bytes }: PublicKey): string {
  const format = DID_KEY_FORMATS.find((known) => known.type === type)
  const isAccepted = type !== 'Ed25519' || isEd25519Key(bytes)
  if (!format || bytes.length !== format.length || !isAccepted)
    throw new TypeError(`not a ${type} public key`)
  return `did:key:z${toBase58(concat(new Uint8Array(format.prefix), bytes))}`
}

// The y-coordinates of the eight points of small order, which RFC 7748 and RFC 8032 allow: little-endian, in base58, without
// the sign of x.
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '11111111111111111111111111111111',
  '4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM',
  'Gx9dDNxzpALCowVuZb7pBceBLJugLA8sPa6TJDXrpfeW',
  '3ctC68zTqpRDQShoondiQKDHwZDAUjRyxiPNdg8cD6Pe',
  'EQAqmjhcsBQhpBv5GJkYgEB7emGHZNoo1j1yAjiFLNvD',
])

/**
 * Whether 32 bytes are accepted as an Ed25519 public key. Refused are points of small order, for which anybody can make
 * signatures, and second encodings of a key (a y of 2²⁵⁵ - 19 or more, a sign where x is zero), which some engines accept and
 * others don't. Whether the point is on the curve is left to the engine.
 */
export function isEd25519Key(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = Uint8Array.from(bytes)
  y[31] = (y[31] ?? 0) & 0x7f
  const isBelowOrder = (y[0] ?? 0) < 0xed || y[31] < 0x7f || y.subarray(1, 31).some((byte) => byte < 0xff)
  // Where x is zero, y is 1 or -1, and both are of small order whatever the sign.
  return isBelowOrder && !SMALL_ORDER.has(toBase58(y))
}
