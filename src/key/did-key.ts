import { concat } from '../base/bytes.js'
import { toHex } from '../base/hex.js'
import { LRUCache } from '../base/lru-cache.js'
import { fromBase58 } from '../base/multibase.js'
import { DID_KEY_FORMATS, didKeyOf, notOfType, type PublicKey, toBase58 } from './session-key.js'

const PREFIX = 'did:key:z'
// 35 bytes take at most 49 base58 digits. A longer text is refused before it is decoded, because decoding takes time
// quadratic in the length.
const MAX_LENGTH = PREFIX.length + 49

/**
 * The public key in a did:key (did:key method); `undefined` for anything else: another multibase, type of key or
 * length, an uncompressed point, a fragment, or an Ed25519 key for which anyone can forge signatures.
 */
export function parseDIDKey(did: string): PublicKey | undefined {
  if (!did.startsWith(PREFIX) || did.length > MAX_LENGTH) return undefined
  const decoded = fromBase58(did.slice(PREFIX.length))
  const format = DID_KEY_FORMATS.find(({ prefix }) => decoded?.[0] === prefix[0] && decoded[1] === prefix[1])
  const bytes = decoded?.slice(2)
  if (!format || !bytes || bytes.length !== format.length) return undefined
  const isAccepted = format.type === 'Ed25519' ? isEd25519Key(bytes) : bytes[0] === 2 || bytes[0] === 3
  return isAccepted ? { type: format.type, bytes } : undefined
}

/**
 * The did:key of a public key (did:key method, multibase `z`). Throws a `TypeError` if the bytes have the wrong length
 * for the type, or are an Ed25519 key for which anyone can forge signatures.
 */
export function encodeDIDKey(key: PublicKey): string {
  if (key.type === 'Ed25519' && !isEd25519Key(key.bytes)) throw notOfType(key.type)
  return didKeyOf(key)
}

// The y-coordinates of the eight points of small order, which RFC 7748 and RFC 8032 don't exclude: little-endian, in
// base58, without the sign of x.
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '11111111111111111111111111111111',
  '4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM',
  'Gx9dDNxzpALCowVuZb7pBceBLJugLA8sPa6TJDXrpfeW',
  '3ctC68zTqpRDQShoondiQKDHwZDAUjRyxiPNdg8cD6Pe',
  'EQAqmjhcsBQhpBv5GJkYgEB7emGHZNoo1j1yAjiFLNvD',
])

/**
 * Whether 32 bytes are accepted as an Ed25519 public key. It refuses points of small order, for which anyone can forge
 * signatures, and second encodings of a key (a y of 2²⁵⁵ - 19 or more, or a sign although x is zero), on which engines
 * disagree. Whether the point is on the curve is left to the engine.
 */
export function isEd25519Key(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = Uint8Array.from(bytes)
  y[31] = (y[31] ?? 0) & 0x7f
  const isBelowOrder = (y[0] ?? 0) < 0xed || y[31] < 0x7f || y.subarray(1, 31).some((byte) => byte < 0xff)
  // If x is zero, y is 1 or -1. Both are of small order, so the sign of x need not be checked.
  return isBelowOrder && !SMALL_ORDER.has(toBase58(y))
}

const MAX_CACHED_KEYS = 10_000
let cache: LRUCache<PublicKey> | undefined

/**
 * `parseDIDKey` with a cache. It returns the same object for the same DID, so that `verifyKeySignature` can cache the
 * engine's key for that object.
 */
export function knownKey(did: string): PublicKey | undefined {
  cache ??= new LRUCache(MAX_CACHED_KEYS)
  const cached = cache.get(did)
  if (cached) return cached
  const key = parseDIDKey(did)
  if (key) cache.set(did, key)
  return key
}

// The curve P-256 (FIPS 186-4, D.1.2.3): y² = x³ - 3x + b over the prime p, and p ≡ 3 (mod 4).
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

/** Decompresses a P-256 point: from 02 or 03 and x to 04, x and y (SEC 1); `undefined` if it is not on the curve. */
export function decompressP256(compressed: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const x = BigInt(`0x${toHex(compressed.subarray(1))}`)
  if (compressed.length !== 33 || (compressed[0] !== 2 && compressed[0] !== 3) || x >= P) return undefined
  const square = (((x * x - 3n) % P) * x + B) % P
  const root = squareRoot(square)
  if ((root * root) % P !== square) return undefined
  const y = (root & 1n) === BigInt(compressed[0] & 1) ? root : P - root
  return concat(Uint8Array.of(4), compressed.subarray(1), bytesOf(y))
}

/** A number below 2²⁵⁶ as 32 bytes, the most significant first. */
function bytesOf(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((number >> BigInt(8 * (31 - i))) & 255n))
}

// square^((p + 1) / 4), by the addition chain of that exponent: 2^254 - 2^222 + 2^190 + 2^94.
function squareRoot(square: bigint): bigint {
  const squared = (value: bigint, times: number): bigint => {
    let result = value
    for (let i = 0; i < times; i++) result = (result * result) % P
    return result
  }
  const ones2 = (squared(square, 1) * square) % P
  const ones4 = (squared(ones2, 2) * ones2) % P
  const ones8 = (squared(ones4, 4) * ones4) % P
  const ones16 = (squared(ones8, 8) * ones8) % P
  const ones32 = (squared(ones16, 16) * ones16) % P
  const first = (squared(ones32, 32) * square) % P
  const second = (squared(first, 96) * square) % P
  return squared(second, 94)
}
