import { p256 } from '@noble/curves/nist.js'
import { toHex } from '../base/hex.js'

/** The r and s (64 bytes) of an ECDSA signature in DER (X.690), or `undefined` for any other encoding: one signature has one. */
export function rawOfDER(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  try {
    const signature = p256.Signature.fromBytes(der, 'der')
    // What reads more than the one encoding must not make two signatures of one.
    if (toHex(signature.toBytes('der')) !== toHex(der)) return undefined
    return new Uint8Array(signature.toBytes('compact'))
  } catch {
    return undefined
  }
}
