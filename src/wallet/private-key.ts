import { secp256k1 } from '@noble/curves/secp256k1.js'
import { toHex } from '../base/hex.js'
import { addressOfPublicKey, eip191Hash } from './eip191.js'

/** Signs a text as a wallet does (EIP-191). Gives `0x` and 65 bytes in hex. */
export function eip191Sign(text: string, privateKey: Uint8Array): string {
  const signature = secp256k1.sign(eip191Hash(text), privateKey, { prehash: false, format: 'recovered' })
  return `0x${toHex(signature.subarray(1))}${(27 + (signature[0] ?? 0)).toString(16)}`
}

/** The address of a private key, in lower case. */
export function addressOfPrivateKey(privateKey: Uint8Array): string {
  return addressOfPublicKey(secp256k1.getPublicKey(privateKey, false))
}
