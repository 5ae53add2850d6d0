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
export {
  recoverWithSecp256k1,
  recoverWithTinySecp256k1,
  type Secp256k1,
  type TinySecp256k1,
} from './native-recover.js'
