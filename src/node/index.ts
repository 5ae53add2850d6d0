export type { RecoverPublicKey } from '../wallet/eip191.js'
export {
  recoverWithSecp256k1,
  recoverWithTinySecp256k1,
  type Secp256k1,
  type TinySecp256k1,
} from '../wallet/native-recover.js'
export { fileRevocation } from './file-revocation.js'
export type { IORedisClient, NodeRedisClient } from './redis-client.js'
export { type RedisReplayOptions, redisReplay } from './redis-replay.js'
export { type RedisRevocationOptions, redisRevocation } from './redis-revocation.js'
export { verifyWithNodeCrypto } from './verify-with-node-crypto.js'
