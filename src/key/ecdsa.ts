import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concat } from '../base/bytes.js'
import { toHex } from '../base/hex.js'
import { encodeDIDKey } from './did-key.js'

/**
 * The r and s (64 bytes) of a P-256 ECDSA signature in DER (X.690); `undefined` for any other encoding, even a lenient
 * form of DER.
 */
export function rawOfDER(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    const signature = p256.Signature.fromBytes(der, 'der')
    // The decoder is more lenient than DER, and a second encoding would count as a second signature.
    if (toHex(signature.toBytes('der')) !== toHex(der)) return undefined
    return new Uint8Array(signature.toBytes('compact'))
  } catch {
    return undefined
  }
}

/**
 * The did:keys of the two keys that may have made a P-256 signature (r and s) of the data; an empty list if it is not a
 * signature.
 */
export function candidatesOf(signature: Uint8Array, data: Uint8Array): string[] {
  try {
    return [0, 1].map((recovery) => {
      const recovered = p256.Signature.fromBytes(concat(Uint8Array.of(recovery), signature), 'recovered')
      const bytes = new Uint8Array(recovered.recoverPublicKey(sha256(data)).toBytes(true))
      return encodeDIDKey({ type: 'P-256', bytes })
    })
  } catch {
    return []
  }
}
