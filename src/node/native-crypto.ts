import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { toBase64url } from '../base/multibase.js'
import { decompressP256, isEd25519Key } from '../key/did-key.js'
import type { PublicKey } from '../key/public-key.js'
import { SIGNATURE_LENGTH, type VerifyKeySignature } from '../key/verify.js'
import type { RecoverPublicKey } from '../wallet/ethereum/eip191.js'

const keys = new WeakMap<PublicKey, KeyObject>()

/**
 * Verifies signatures of session keys with `node:crypto`, on this thread. It is about twice as fast as WebCrypto, which uses
 * another thread, and returns the same answers.
 *
 * @example
 * const verify = requestVerifier({ ...options, verifyKeySignature: verifyWithNodeCrypto })
 */
export const verifyWithNodeCrypto: VerifyKeySignature = (publicKey, signature, data) => {
  if (signature.length !== SIGNATURE_LENGTH || publicKey.type === 'secp256k1') return false
  if (publicKey.type === 'Ed25519' && !isEd25519Key(publicKey.bytes)) return false
  try {
    const key = keys.get(publicKey) ?? importKey(publicKey)
    keys.set(publicKey, key)
    return publicKey.type === 'P-256'
      ? verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
      : verify(null, data, key, signature)
  } catch {
    // OpenSSL throws if the bytes are no key.
    return false
  }
}

function importKey({ type, bytes }: PublicKey): KeyObject {
  if (type === 'Ed25519')
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(bytes) }, format: 'jwk' })
  const point = decompressP256(bytes)
  if (!point) throw new TypeError('not a point of P-256')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map(toBase64url)
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' } as never)
}

/** The function of the npm package `secp256k1` 5 (bindings of libsecp256k1) that is used. */
export interface Secp256k1 {
  ecdsaRecover(signature: Uint8Array, recovery: number, hash: Uint8Array, compressed: boolean): Uint8Array
}

/** The function of the npm package `tiny-secp256k1` 2 (libsecp256k1 in WebAssembly) that is used. */
export interface TinySecp256k1 {
  recover(
    hash: Uint8Array,
    signature: Uint8Array,
    recovery: 0 | 1 | 2 | 3,
    compressed: boolean,
  ): Uint8Array | null
}

/**
 * Recovers public keys with the npm package `secp256k1`, which is the fastest where its native addon can be installed.
 *
 * @example
 * import secp256k1 from 'secp256k1'
 * const verifiers = ethereumVerifiers({ recover: recoverWithSecp256k1(secp256k1) })
 */
export function recoverWithSecp256k1(secp256k1: Secp256k1): RecoverPublicKey {
  return (hash, signature, recovery) => secp256k1.ecdsaRecover(signature, recovery, hash, false)
}

/**
 * Recovers public keys with the npm package `tiny-secp256k1`, which needs WebAssembly.
 *
 * @example
 * import * as tiny from 'tiny-secp256k1'
 * const verifiers = ethereumVerifiers({ recover: recoverWithTinySecp256k1(tiny) })
 */
export function recoverWithTinySecp256k1(tiny: TinySecp256k1): RecoverPublicKey {
  return (hash, signature, recovery) => tiny.recover(hash, signature, recovery === 0 ? 0 : 1, false)
}
