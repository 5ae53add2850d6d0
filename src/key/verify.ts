import type { PublicKey } from './did-key.js'
import { decompressP256 } from './p256-point.js'
import { KEY_ALGORITHMS, SIGNATURE_ALGORITHMS } from './session-key.js'
import { subtleCrypto } from './subtle.js'

/** Bytes in a signature of a session key: r and s, or R and S. */
export const SIGNATURE_LENGTH = 64

/**
 * Whether the key signed the data: ES256 as raw r and s (with no rule for low s, as JOSE has none), or Ed25519
 * (RFC 8032). Never throws for what the key, the signature or the data is; secp256k1 keys sign nothing here.
 */
export async function verifyKeySignature(
  { type, bytes }: PublicKey,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  if (signature.length !== SIGNATURE_LENGTH || type === 'secp256k1') return false
  const [own, signed] = [Uint8Array.from(signature), Uint8Array.from(data)]
  const raw = type === 'P-256' ? decompressP256(bytes) : bytes
  if (!raw) return false
  const subtle = subtleCrypto()
  let key: CryptoKey
  try {
    key = await subtle.importKey('raw', raw, KEY_ALGORITHMS[type], false, ['verify'])
  } catch {
    return type === 'Ed25519' && verifyByNoble(bytes, own, signed)
  }
  return subtle.verify(SIGNATURE_ALGORITHMS[type], key, own, signed)
}

/** By @noble/ed25519 alone, which loads only now: for engines without Ed25519. */
export async function verifyByNoble(
  publicKey: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  const { verifyAsync } = await import('@noble/ed25519')
  // RFC 8032 to the letter, as engines verify; not the laxer rule of ZIP 215.
  return verifyAsync(signature, data, publicKey, { zip215: false }).catch(() => false)
}
