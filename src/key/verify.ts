import { toHex } from '../base/hex.js'
import { toBase64url } from '../base/multibase.js'
import { type KeyObject, type NodeCrypto, nodeCrypto } from '../base/node-crypto.js'
import { decompressP256, isEd25519Key } from './did-key.js'
import { type PublicKey, SIGNATURE_ALGORITHMS, subtleCrypto } from './session-key.js'

/**
 * The most bytes that the engine's own Ed25519 signs or verifies here. With 65,535 or more, WebKitGTK crashes the page.
 */
export const MAX_NATIVE_ED25519 = 60_000

/** The key algorithms, as WebCrypto's `generateKey` and `importKey` take them. */
export const KEY_ALGORITHMS = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
  Ed25519: { name: 'Ed25519' },
} as const

/** The length in bytes of a session key's signature: r and s of ECDSA, R and S of Ed25519. */
export const SIGNATURE_LENGTH = 64

/** Returns whether the key signed the data. It never throws because of the key, the signature or the data. */
export type VerifyKeySignature = (
  publicKey: PublicKey,
  signature: Uint8Array,
  data: Uint8Array,
) => boolean | Promise<boolean>

/**
 * Returns whether the key signed the data: with ES256 (r and s; a high s is accepted, as in JOSE, RFC 7518 §3.4), or
 * with Ed25519 (RFC 8032 §5.1.7). `false` for secp256k1 keys, which sessions never have. Never throws because of the
 * key, the signature or the data. Uses `node:crypto` in Node, Deno and Bun, except for P-256 in Deno, and otherwise
 * WebCrypto; both give the same answers.
 */
export const verifyKeySignature: VerifyKeySignature = (publicKey, signature, data) => {
  if (signature.length !== SIGNATURE_LENGTH || publicKey.type === 'secp256k1') return false
  // Deno's own WebCrypto is faster with P-256.
  const native = publicKey.type === 'P-256' && 'Deno' in globalThis ? undefined : nodeCrypto()
  return native
    ? verifyNatively(native, publicKey, signature, data)
    : verifyByWebCrypto(publicKey, signature, data)
}

/** `verifyKeySignature` with WebCrypto. */
export async function verifyByWebCrypto(
  publicKey: PublicKey,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  const { type, bytes } = publicKey
  if (signature.length !== SIGNATURE_LENGTH || type === 'secp256k1') return false
  const [own, signed] = [new Uint8Array(signature), new Uint8Array(data)]
  if (type === 'Ed25519') {
    // For such a key, anyone can forge signatures, and engines disagree on whether to accept them.
    if (!isEd25519Key(bytes)) return false
    // WebKitGTK doesn't check this, and would accept a second signature, which anyone can derive from the first one.
    if (!isBelowOrder(own.subarray(32))) return false
    // WebKitGTK crashes the page for a key that ends with eight zero bytes, which doesn't occur by chance, and for long
    // data.
    if (bytes.subarray(24).every((byte) => byte === 0) || signed.length > MAX_NATIVE_ED25519)
      return verifyByNoble(bytes, own, signed)
  }
  const key = await importKey(publicKey)
  if (key) return subtleCrypto().verify(SIGNATURE_ALGORITHMS[type], key, own, signed)
  return type === 'Ed25519' && verifyByNoble(bytes, own, signed)
}

// The order of Ed25519's base point. S must be less than it.
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

function isBelowOrder(littleEndian: Uint8Array): boolean {
  return BigInt(`0x${toHex(new Uint8Array(littleEndian).reverse())}`) < ORDER
}

// The engine's keys are cached, because importing a key takes longer than verifying a signature.
const importedKeys = new WeakMap<PublicKey, Promise<CryptoKey | undefined>>()

/** The engine's key; `undefined` if the bytes are not a key, or if the engine lacks this type of key. */
function importKey(publicKey: PublicKey): Promise<CryptoKey | undefined> {
  const cached = importedKeys.get(publicKey)
  if (cached) return cached
  const { type, bytes } = publicKey
  const raw = type === 'P-256' ? decompressP256(bytes) : bytes
  const key =
    raw && type !== 'secp256k1'
      ? subtleCrypto().importKey('raw', raw, KEY_ALGORITHMS[type], false, ['verify'])
      : Promise.reject()
  const result = key.catch(() => {
    // A failure is not cached, because it may be temporary.
    importedKeys.delete(publicKey)
    return undefined
  })
  importedKeys.set(publicKey, result)
  return result
}

/** Verifies an Ed25519 signature with @noble/ed25519, which is loaded on demand, for engines that lack Ed25519. */
export async function verifyByNoble(
  publicKey: Uint8Array,
  signature: Uint8Array,
  data: Uint8Array,
): Promise<boolean> {
  const { verifyAsync } = await import('@noble/ed25519')
  // By the rules of RFC 8032, not by the more lenient ones of ZIP 215.
  return verifyAsync(signature, data, publicKey, { zip215: false }).catch(() => false)
}

// Cached for the object that `knownKey` returns, because creating a key takes longer than verifying a signature.
const keys = new WeakMap<PublicKey, KeyObject>()

/** `verifyKeySignature` with `node:crypto`, for a signature of 64 bytes. */
function verifyNatively(
  { createPublicKey, verify }: NodeCrypto,
  publicKey: PublicKey,
  signature: Uint8Array,
  data: Uint8Array,
): boolean {
  try {
    let key = keys.get(publicKey)
    if (!key) {
      const jwk = jwkOf(publicKey)
      if (!jwk) return false
      key = createPublicKey({ key: jwk, format: 'jwk' })
      keys.set(publicKey, key)
    }
    return publicKey.type === 'P-256'
      ? verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
      : verify(null, data, { key }, signature)
  } catch {
    // OpenSSL throws if the bytes are not a key.
    return false
  }
}

function jwkOf({ type, bytes }: PublicKey): JsonWebKey | undefined {
  if (type === 'Ed25519')
    return isEd25519Key(bytes) ? { kty: 'OKP', crv: 'Ed25519', x: toBase64url(bytes) } : undefined
  const point = type === 'P-256' ? decompressP256(bytes) : undefined
  return (
    point && {
      kty: 'EC',
      crv: 'P-256',
      x: toBase64url(point.subarray(1, 33)),
      y: toBase64url(point.subarray(33)),
    }
  )
}
