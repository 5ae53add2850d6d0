import type { RecoverPublicKey } from './eip191.js'

/** What is used of npm `secp256k1` 5, which binds libsecp256k1. */
export interface Secp256k1 {
  ecdsaRecover(signature: Uint8Array, recovery: number, hash: Uint8Array, compressed: boolean): Uint8Array
}

/** What is used of npm `tiny-secp256k1` 2, which is libsecp256k1 in WebAssembly. */
export interface TinySecp256k1 {
  recover(
    hash: Uint8Array,
    signature: Uint8Array,
    recovery: 0 | 1 | 2 | 3,
    compressed: boolean,
  ): Uint8Array | null
}

/**
 * Recovers keys with npm `secp256k1`: the fastest, where its native addon is to be had.
 *
 * @example
 * import secp256k1 from 'secp256k1'
 * const verifiers = ethereumVerifiers({ recover: recoverWithSecp256k1(secp256k1) })
 */
export function recoverWithSecp256k1(secp256k1: Secp256k1): RecoverPublicKey {
  return (hash, signature, recovery) => secp256k1.ecdsaRecover(signature, recovery, hash, false)
}

/**
 * Recovers keys with npm `tiny-secp256k1`, wherever WebAssembly runs.
 *
 * @example
 * import * as tiny from 'tiny-secp256k1'
 * const verifiers = ethereumVerifiers({ recover: recoverWithTinySecp256k1(tiny) })
 */
export function recoverWithTinySecp256k1(tiny: TinySecp256k1): RecoverPublicKey {
  return (hash, signature, recovery) => tiny.recover(hash, signature, recovery === 0 ? 0 : 1, false)
}
