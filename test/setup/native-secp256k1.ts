import { createRequire } from 'node:module'
import { toHex } from '../../src/base/hex.js'
import type { Secp256k1 } from '../../src/node/index.js'
import { eip191Hash } from '../../src/wallet/ethereum/eip191.js'

interface Native extends Secp256k1 {
  ecdsaSign(hash: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number }
}

// It has no types. Only tests that run in Node may import this.
const load = createRequire(import.meta.url)
/** npm `secp256k1`: libsecp256k1, about thirty times as fast as JavaScript. */
export const native = load('secp256k1') as Native

/** Signs a text as a wallet does (EIP-191): 0x and 65 bytes in hex. */
export function signText(text: string, privateKey: Uint8Array): string {
  const { signature, recid } = native.ecdsaSign(eip191Hash(text), privateKey)
  return `0x${toHex(signature)}${(27 + recid).toString(16)}`
}
