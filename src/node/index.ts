export type {
  LastUsed,
  NewSession,
  Persistence,
  SessionId,
  SessionRecord,
  SessionStore,
  StoreChange,
} from '../store/store.js'
export type { RecoverPublicKey } from '../wallet/eip191.js'
export {
  recoverWithSecp256k1,
  recoverWithTinySecp256k1,
  type Secp256k1,
  type TinySecp256k1,
} from '../wallet/native-recover.js'
export { fileRevocation } from './file-revocation.js'
export { fileStore } from './file-store.js'
export type { IORedisClient, NodeRedisClient } from './redis-client.js'
export { type RedisReplayOptions, redisReplay } from './redis-replay.js'
export { type RedisRevocationOptions, redisRevocation } from './redis-revocation.js'
export { verifyWithNodeCrypto } from './verify-with-node-crypto.js'
