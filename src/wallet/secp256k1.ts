import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concat } from '../base/bytes.js'

/** The public key (65 bytes, uncompressed) that made a signature. Throws if no key fits. */
export function recoverPublicKey(hash: Uint8Array, signature: Uint8Array, recovery: number): Uint8Array {
  const recovered = concat(Uint8Array.of(recovery), signature)
  return secp256k1.Signature.fromBytes(recovered, 'recovered').recoverPublicKey(hash).toBytes(false)
}
