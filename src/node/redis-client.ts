import { evictionCheck } from './redis-eviction.js'

/**
 * A client of the `redis` package (node-redis), or a cluster of its: as much of it as is used here. The package is the
 * user's own and is handed in.
 */
export interface NodeRedisClient {
  set(key: string, value: string, options: { NX?: true; PX?: number }): Promise<unknown>
  exists(key: string): Promise<unknown>
  zAdd(key: string, member: { score: number; value: string }, options: { GT: true }): Promise<unknown>
  zScore(key: string, member: string): Promise<unknown>
}

/** A client of the `ioredis` package, or a Cluster of its: as much of it as is used here. */
export interface IORedisClient {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
}

/** The four things that are asked of Redis, each of one key only: so a cluster can do them too. */
export interface RedisCommands {
  /** Whether the key was set: not if it was there and is to be set only where it is absent. Milliseconds. */
  set(key: string, options: { ifAbsent: boolean; forMs: number }): Promise<boolean>
  exists(key: string): Promise<boolean>
  /** Raises a member's score, and never lowers it. */
  raise(key: string, member: string, score: number): Promise<void>
  /** `undefined` if there is none. */
  score(key: string, member: string): Promise<number | undefined>
}

/** What is asked of Redis itself. */
export interface RedisStoreOptions {
  /**
   * Whether Redis is asked if it evicts keys once it is full; true by default. `false` switches the question off: where Redis
   * doesn't answer it, and you know that its `maxmemory-policy` is `noeviction`.
   */
  evictionCheck?: boolean | undefined
}

/** The commands of a client, each done only if Redis keeps what it is told. Throws a `TypeError` for a wrong client or option. */
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

/** What differs between the two packages. Throws a `TypeError` for a client of neither. */
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

// Whatever else a server or something in between answers is taken for no answer at all.
function wasSet(answer: unknown): boolean {
  if (answer === 'OK') return true
  if (answer === null) return false
  throw unexpected(answer)
}

// A text from clients that are told to give numbers so.
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
