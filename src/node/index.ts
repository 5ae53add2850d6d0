import type { RecoverPublicKey } from '../wallet/ethereum/eip191.js'

export type { IORedisSubscriber, NodeRedisSubscriber } from '../server/redis-channel.js'
export type { IORedisClient, NodeRedisClient, RedisStoreOptions } from '../server/redis-client.js'
export { type RedisDevicesOptions, redisDevices } from '../server/redis-devices.js'
export {
  type RedisReplayOptions,
  type RedisRevocationOptions,
  redisReplay,
  redisRevocation,
} from '../server/redis-stores.js'
export type {
  LastUsed,
  NewSession,
  Persistence,
  SessionDatabase,
  SessionId,
  SessionRecord,
  SessionStore,
  StoreChange,
  StoredAccount,
} from '../store/store.js'
export type { RecoverPublicKey } from '../wallet/ethereum/eip191.js'
export { type FileRevocationOptions, fileRevocation } from './file-revocation.js'
export { fileStore } from './file-store.js'

/** The function that is used of the npm package `secp256k1` 5 (bindings of libsecp256k1). */
export interface Secp256k1 {
  ecdsaRecover(signature: Uint8Array, recovery: number, hash: Uint8Array, compressed: boolean): Uint8Array
}

/** The function that is used of the npm package `tiny-secp256k1` 2 (libsecp256k1 in WebAssembly). */
export interface TinySecp256k1 {
  recover(
    hash: Uint8Array,
    signature: Uint8Array,
    recovery: 0 | 1 | 2 | 3,
    compressed: boolean,
  ): Uint8Array | null
}

/**
 * Returns a function that recovers public keys with the npm package `secp256k1`. It is the fastest one if its native addon can be
 * installed.
 *
 * @example
 * import secp256k1 from 'secp256k1'
 * const verifiers = ethereumVerifiers({ recover: recoverWithSecp256k1(secp256k1) })
 */
export function recoverWithSecp256k1(secp256k1: Secp256k1): RecoverPublicKey {
  return (hash, signature, recovery) => secp256k1.ecdsaRecover(signature, recovery, hash, false)
}

/**
 * Returns a function that recovers public keys with the npm package `tiny-secp256k1`, which needs WebAssembly.
 *
 * @example
 * import * as tiny from 'tiny-secp256k1'
 * const verifiers = ethereumVerifiers({ recover: recoverWithTinySecp256k1(tiny) })
 */
export function recoverWithTinySecp256k1(tiny: TinySecp256k1): RecoverPublicKey {
  return (hash, signature, recovery) => tiny.recover(hash, signature, recovery === 0 ? 0 : 1, false)
}
