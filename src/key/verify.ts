import { toHex } from '../base/bytes.js'
import type { PublicKey } from './did-key.js'
import { isEd25519Key } from './did-key.js'
import { decompressP256 } from './parse-did-key.js'
import { KEY_ALGORITHMS, MAX_NATIVE_ED25519, SIGNATURE_ALGORITHMS, subtleCrypto } from './session-key.js'

/** Bytes in a signature of a session key: r and s, or R and S. */
export const SIGNATURE_LENGTH = 64

/** Says whether a key signed data. Never throws for what the key, the signature or the data is. */
export type VerifyKeySignature = (
  publicKey: PublicKey,
  signature: Uint8Array,
  data: Uint8Array,
) => boolean | Promise<boolean>

/**
 * Whether the key signed the data: ES256 as raw r and s (with no rule for low s, as JOSE has none), or Ed25519
 * (RFC 8032), by a key that is nobody's in particular (of small order) never. Never throws for what the key, the signature or the data is; secp256k1 keys sign nothing here.
 */
export async function verifyKeySignature(
  publicKey: PublicKey,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  const { type, bytes } = publicKey
  if (signature.length !== SIGNATURE_LENGTH || type === 'secp256k1') return false
  const [own, signed] = [new Uint8Array(signature), new Uint8Array(data)]
  if (type === 'Ed25519') {
    // Anybody can sign for such a key, and engines differ about it.
    if (!isEd25519Key(bytes)) return false
    // WebKitGTK doesn't look, and would take a second signature that anyone can make of a first (RFC 8032 §5.1.7).
    if (!isBelowOrder(own.subarray(32))) return false
    // Such a key, which nobody makes by chance, crashes WebKitGTK's page.
    if (bytes.subarray(24).every((byte) => byte === 0) || signed.length > MAX_NATIVE_ED25519)
      return verifyByNoble(bytes, own, signed)
  }
  const key = await importKey(publicKey)
  if (key) return subtleCrypto().verify(SIGNATURE_ALGORITHMS[type], key, own, signed)
  return type === 'Ed25519' && verifyByNoble(bytes, own, signed)
}

// The order of Ed25519's base point, which S must be below.
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

function isBelowOrder(littleEndian: Uint8Array): boolean {
  return BigInt(`0x${toHex(new Uint8Array(littleEndian).reverse())}`) < ORDER
}

// Kept with the key, as the engine holds it: importing takes longer than verifying.
const imported = new WeakMap<PublicKey, Promise<CryptoKey | undefined>>()

// `undefined` if the bytes are no key, or the engine lacks its kind.
function importKey(publicKey: PublicKey): Promise<CryptoKey | undefined> {
  const before = imported.get(publicKey)
  if (before) return before
  const { type, bytes } = publicKey
  const raw = type === 'P-256' ? decompressP256(bytes) : bytes
  const key =
    raw && type !== 'secp256k1'
      ? subtleCrypto().importKey('raw', raw, KEY_ALGORITHMS[type], false, ['verify'])
      : Promise.reject()
  const result = key.catch(() => {
    // Not kept: an engine may refuse today what it takes tomorrow.
    imported.delete(publicKey)
    return undefined
  })
  imported.set(publicKey, result)
  return result
}

/** By @noble/ed25519 alone, which loads only now: for engines without Ed25519. */
export async function verifyByNoble(
  publicKey: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  const { verifyAsync } = await import('@noble/ed25519')
  // The rule of RFC 8032, not the laxer one of ZIP 215. On keys made to be odd, engines differ among each other.
  return verifyAsync(signature, data, publicKey, { zip215: false }).catch(() => false)
}
