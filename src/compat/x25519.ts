import { fromHex, toHex } from '../base/hex.js'
import { subtleCrypto } from '../key/subtle.js'

// The same key in the two shapes of Curve25519 (RFC 7748 §4.1): Edwards to sign, Montgomery to agree on a secret.
const P = 2n ** 255n - 19n

/** The X25519 public key of an Ed25519 one: u = (1 + y) / (1 - y). */
export function x25519Of(publicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const littleEndian = toHex(new Uint8Array(publicKey).reverse())
  const y = BigInt(`0x${littleEndian}`) & (2n ** 255n - 1n)
  const u = ((1n + y) * inverse((P + 1n - (y % P)) % P)) % P
  return (fromHex(u.toString(16).padStart(64, '0')) ?? new Uint8Array(32)).reverse()
}

/** The X25519 secret key of an Ed25519 seed: the first half of its hash (RFC 8032 §5.1.5), clamped. */
export async function x25519SecretOf(seed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const hash = new Uint8Array(await subtleCrypto().digest('SHA-512', new Uint8Array(seed)))
  const secret = hash.slice(0, 32)
  secret[0] = (secret[0] ?? 0) & 248
  secret[31] = ((secret[31] ?? 0) & 127) | 64
  return secret
}

// By Fermat: value^(p - 2).
function inverse(value: bigint): bigint {
  let [result, base] = [1n, value % P]
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % P
    base = (base * base) % P
  }
  return result
}
