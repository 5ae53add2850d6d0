import { evictionCheck } from './redis-eviction.js'

/** The methods of a client, or a cluster, of the package `redis` (node-redis) that are used. The app installs that package. */
export interface NodeRedisClient {
  set(key: string, value: string, options: { NX?: true; PX?: number }): Promise<unknown>
  exists(key: string): Promise<unknown>
  zAdd(key: string, member: { score: number; value: string }, options: { GT: true }): Promise<unknown>
  zScore(key: string, member: string): Promise<unknown>
}

/** The method of a client, or a `Cluster`, of the package `ioredis` that is used. The app installs that package. */
export interface IORedisClient {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
}

/** The four commands that are used. Each is for one key only, so that a cluster can do it too. */
export interface RedisCommands {
  /** Sets a key for `forMs` milliseconds. With `ifAbsent`, returns false and changes nothing if the key exists. */
  set(key: string, options: { ifAbsent: boolean; forMs: number }): Promise<boolean>
  exists(key: string): Promise<boolean>
  /** Sets the score of a member of a sorted set, unless it already has a higher one. */
  raise(key: string, member: string, score: number): Promise<void>
  /** The score of a member of a sorted set; `undefined` if it has none. */
  score(key: string, member: string): Promise<number | undefined>
}

/** The options of both Redis stores. */
export interface RedisStoreOptions {
  /**
   * Whether to check that Redis does not evict keys when its memory is full; true by default. Set it to `false` only if Redis
   * does not answer that question, and you know that its `maxmemory-policy` is `noeviction`.
   */
  evictionCheck?: boolean | undefined
}

/**
 * The commands of a client. Each rejects with `ERR_STORE_UNAVAILABLE` if Redis may evict keys, unless `isChecked` is false. Throws
 * a `TypeError` for a wrong client or option.
 */
export function redisStore(
  client: NodeRedisClient | IORedisClient,
  prefix: string,
  isChecked: boolean = true,
): RedisCommands {
  if (typeof isChecked !== 'boolean') throw new TypeError('evictionCheck must be true or false')
  const commands = redisCommands(client)
  if (!isChecked) return commands
  const check = evictionCheck(client, () => commands.exists(prefix))
  return {
    set: async (...args) => check().then(() => commands.set(...args)),
    exists: async (...args) => check().then(() => commands.exists(...args)),
    raise: async (...args) => check().then(() => commands.raise(...args)),
    score: async (...args) => check().then(() => commands.score(...args)),
  }
}

/** The commands by the methods of either package. Throws a `TypeError` for any other client. */
function redisCommands(client: NodeRedisClient | IORedisClient): RedisCommands {
  if (typeof client === 'object' && client !== null) {
    if ('call' in client && typeof client.call === 'function') return byIORedis(client)
    if ('zAdd' in client && typeof client.zAdd === 'function') return byNodeRedis(client)
  }
  throw new TypeError('client must be a client or a cluster of the package redis (4 or later) or ioredis')
}

function byNodeRedis(client: NodeRedisClient): RedisCommands {
  return {
    async set(key, { ifAbsent, forMs }) {
      const options = { ...(ifAbsent && { NX: true as const }), ...(Number.isFinite(forMs) && { PX: forMs }) }
      return wasSet(await client.set(key, '1', options))
    },
    exists: async (key) => isOne(await client.exists(key)),
    async raise(key, member, score) {
      isOne(await client.zAdd(key, { score, value: member }, { GT: true }))
    },
    score: async (key, member) => scoreOf(await client.zScore(key, member)),
  }
}

function byIORedis(client: IORedisClient): RedisCommands {
  return {
    async set(key, { ifAbsent, forMs }) {
      const options = [...(Number.isFinite(forMs) ? ['PX', forMs] : []), ...(ifAbsent ? ['NX'] : [])]
      return wasSet(await client.call('SET', key, '1', ...options))
    },
    exists: async (key) => isOne(await client.call('EXISTS', key)),
    async raise(key, member, score) {
      isOne(await client.call('ZADD', key, 'GT', score, member))
    },
    score: async (key, member) => scoreOf(await client.call('ZSCORE', key, member)),
  }
}

// Any other answer, of the server or of a proxy, is an error.
function wasSet(answer: unknown): boolean {
  if (answer === 'OK') return true
  if (answer === null) return false
  throw unexpected(answer)
}

// Clients can be configured to return numbers as strings.
function isOne(answer: unknown): boolean {
  const count = String(answer)
  if (count === '0' || count === '1') return count === '1'
  throw unexpected(answer)
}

function scoreOf(answer: unknown): number | undefined {
  if (answer === null) return undefined
  const score = typeof answer === 'string' && answer !== '' ? Number(answer) : answer
  if (typeof score === 'number' && !Number.isNaN(score)) return score
  throw unexpected(answer)
}

function unexpected(answer: unknown): Error {
  return new Error(`Redis gave an unexpected answer: ${String(answer).slice(0, 40)}`)
}
