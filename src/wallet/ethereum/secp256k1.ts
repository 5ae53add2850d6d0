import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concat } from '../../base/bytes.js'
import { toHex } from '../../base/hex.js'
import { addressOfPublicKey, eip191Hash } from './eip191.js'

/** Recovers the public key (65 bytes, uncompressed) that made a signature. Throws if no key fits. */
export function recoverPublicKey(hash: Uint8Array, signature: Uint8Array, recovery: number): Uint8Array {
  const recovered = concat(Uint8Array.of(recovery), signature)
  return secp256k1.Signature.fromBytes(recovered, 'recovered').recoverPublicKey(hash).toBytes(false)
}

/** Signs a text like a wallet (EIP-191). Returns `0x` and 65 bytes in hex. */
export function eip191Sign(text: string, privateKey: Uint8Array): string {
  const signature = secp256k1.sign(eip191Hash(text), privateKey, { prehash: false, format: 'recovered' })
  return `0x${toHex(signature.subarray(1))}${(27 + (signature[0] ?? 0)).toString(16)}`
}

/** Returns the address of a private key, in lower case. */
export function addressOfPrivateKey(privateKey: Uint8Array): string {
  return addressOfPublicKey(secp256k1.getPublicKey(privateKey, false))
}
