import { toBase64url } from '../base/multibase.js'
import type { KeyObject, NodeCrypto } from '../base/node-crypto.js'
import { decompressP256, isEd25519Key } from './did-key.js'
import type { PublicKey } from './session-key.js'

// With the object, as `knownKey` keeps it: making a key takes longer than verifying a signature.
const keys = new WeakMap<PublicKey, KeyObject>()

/** `verifyKeySignature` by `node:crypto`, for a signature of 64 bytes. */
export function verifyNatively(
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
    // OpenSSL throws if the bytes are no key.
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
