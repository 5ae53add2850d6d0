import { type Clock, clockOption } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import { type OptionReader, type ReadValue, setting, wrong } from '../base/options.js'
import { refuseWorkersKV } from '../http/replay.js'

/** The methods that are used of a client, a cluster or a Sentinel client of the package `redis` (node-redis). The app installs that package. */
export interface NodeRedisClient {
  set(key: string, value: string, options: { NX?: true; PX?: number }): Promise<unknown>
  exists(key: string): Promise<unknown>
  zAdd(key: string, member: { score: number; value: string }, options: { GT: true }): Promise<unknown>
  zScore(key: string, member: string): Promise<unknown>
  publish?(channel: string, message: string): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** The method that is used of a client or a `Cluster` of the package `ioredis`. The app installs that package. */
export interface IORedisClient {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
}

/** The commands that the stores use. Each command has at most one key, so that a cluster can run it too. */
export interface RedisCommands {
  /** Sets a key for `forMs` milliseconds. With `ifAbsent`, returns false and changes nothing if the key exists. */
  set(key: string, options: { ifAbsent: boolean; forMs: number }): Promise<boolean>
  exists(key: string): Promise<boolean>
  /** Sets the score of a member of a sorted set, unless it already has a higher one. */
  raise(key: string, member: string, score: number): Promise<void>
  /** Returns the score of a member of a sorted set; `undefined` if it has none. */
  score(key: string, member: string): Promise<number | undefined>
  /** Sends a message to all subscribers of a channel. */
  publish(channel: string, message: string): Promise<unknown>
  /** Runs a Lua script, which may access this key only. */
  run(script: string, key: string, args: readonly string[]): Promise<unknown>
}

/** The options of the Redis stores whose keys must not be evicted. */
export interface RedisStoreOptions {
  /**
   * Whether to check that Redis does not evict keys when its memory is full; true by default. Set it to `false` only if Redis
   * refuses to report its settings, and you know that its `maxmemory-policy` is `noeviction`.
   */
  evictionCheck?: boolean | undefined
}

const prefixOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string') return value
  throw wrong(name, 'a string')
}

/** The readers of the options that all Redis stores have. */
export const STORE_READERS: {
  readonly prefix: OptionReader<string | undefined>
  readonly now: OptionReader<Clock | undefined>
} = { prefix: setting(prefixOption), now: setting(clockOption) }

/**
 * Returns the commands of a client. Unless `isChecked` is false, each of them except `publish` rejects with `ERR_STORE_UNAVAILABLE` if
 * Redis may evict keys. Throws a `TypeError` for a wrong client.
 */
export function redisStore(
  client: NodeRedisClient | IORedisClient,
  prefix: string,
  isChecked: boolean = true,
): RedisCommands {
  const commands = redisCommands(client)
  if (!isChecked) return commands
  const check = evictionCheck(client, () => commands.exists(prefix))
  return {
    set: async (...args) => check().then(() => commands.set(...args)),
    exists: async (...args) => check().then(() => commands.exists(...args)),
    raise: async (...args) => check().then(() => commands.raise(...args)),
    score: async (...args) => check().then(() => commands.score(...args)),
    publish: commands.publish,
    run: async (...args) => check().then(() => commands.run(...args)),
  }
}

/** Returns the commands of a client of either package. Throws a `TypeError` for any other client. */
export function redisCommands(client: NodeRedisClient | IORedisClient): RedisCommands {
  refuseWorkersKV(client, 'client')
  if (typeof client === 'object' && client !== null) {
    if ('call' in client && typeof client.call === 'function') return ioRedisCommands(client)
    if ('zAdd' in client && typeof client.zAdd === 'function') return nodeRedisCommands(client)
  }
  throw new TypeError('client must be a client or a cluster of the package redis (4 or later) or ioredis')
}

function nodeRedisCommands(client: NodeRedisClient): RedisCommands {
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
    publish: async (channel, message) => client.publish?.(channel, message),
    run: async (script, key, args) => client.eval(script, { keys: [key], arguments: [...args] }),
  }
}

function ioRedisCommands(client: IORedisClient): RedisCommands {
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
    publish: async (channel, message) => client.call('PUBLISH', channel, message),
    run: async (script, key, args) => client.call('EVAL', script, 1, key, ...args),
  }
}

// Any other answer of the server or a proxy is an error.
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

/** Returns the error for an answer that does not fit the command. */
export function unexpected(answer: unknown): Error {
  return new Error(`Redis gave an unexpected answer: ${String(answer).slice(0, 40)}`)
}

// With any `maxmemory-policy` except `noeviction`, Redis deletes keys when its memory is full. Revocations and used requests would be
// lost.

/** Sends a command to one server. */
type SendCommand = (...command: readonly string[]) => Promise<unknown>

// The check is repeated, because the setting can be changed while a server runs, and a server can be replaced.
const VALID_FOR_MS = 60_000

/**
 * Returns a check that rejects with `ERR_STORE_UNAVAILABLE` if a server may evict keys, or does not report whether it may. A success
 * is remembered for a minute. `connect` is called first if the client does not know its servers yet.
 */
function evictionCheck(client: object, connect: () => Promise<unknown>): () => Promise<void> {
  let validUntil = Number.NEGATIVE_INFINITY
  let checking: Promise<void> | undefined
  return async () => {
    if (performance.now() < validUntil) return
    checking ??= assertNoEviction(client, connect)
      .then(() => {
        validUntil = performance.now() + VALID_FOR_MS
      })
      .finally(() => {
        checking = undefined
      })
    await checking
  }
}

async function assertNoEviction(client: object, connect: () => Promise<unknown>): Promise<void> {
  let servers = await serversOf(client)
  if (servers.length === 0) {
    await connect()
    servers = await serversOf(client)
  }
  if (servers.length === 0) throw unknownPolicy()
  await Promise.all(servers.map(assertServerNoEviction))
}

async function assertServerNoEviction(send: SendCommand): Promise<void> {
  const { limit, policy } = (await readConfig(send)) ?? (await readInfo(send)) ?? {}
  if (limit === undefined || policy === undefined) throw unknownPolicy()
  if (limit === '0' || policy === 'noeviction') return
  throw new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `Redis deletes keys when its memory is full (maxmemory-policy ${policy}): set maxmemory-policy to noeviction, or set evictionCheck: false if you accept that`,
  )
}

interface MemorySettings {
  readonly limit: string | undefined
  readonly policy: string | undefined
}

async function readConfig(send: SendCommand): Promise<MemorySettings | undefined> {
  const setting = async (name: string): Promise<string | undefined> => {
    const list = namesAndValues(await send('CONFIG', 'GET', name))
    return list.length === 2 && String(list[0]) === name ? String(list[1]) : undefined
  }
  try {
    const [limit, policy] = await Promise.all([setting('maxmemory'), setting('maxmemory-policy')])
    return limit === undefined || policy === undefined ? undefined : { limit, policy }
  } catch (error) {
    return undefinedIfRefused(error)
  }
}

/** Flattens an answer to CONFIG GET, which is a list of names and values, or in RESP 3 a map. */
function namesAndValues(answer: unknown): unknown[] {
  if (Array.isArray(answer)) return answer
  return (answer instanceof Map ? [...answer] : Object.entries(Object(answer))).flat()
}

// Hosted Redis often forbids CONFIG, but allows INFO, which has the same settings.
async function readInfo(send: SendCommand): Promise<MemorySettings | undefined> {
  try {
    const report = String(await send('INFO', 'memory'))
    return {
      limit: /^maxmemory:(\d+)\s*$/m.exec(report)?.[1],
      policy: /^maxmemory_policy:([\w-]+)\s*$/m.exec(report)?.[1],
    }
  } catch (error) {
    return undefinedIfRefused(error)
  }
}

// If the server refuses a command (`NOPERM …`, `ERR …`), or the client throws a TypeError because it takes commands in a different
// form, the next command may work. All other errors are errors of the connection.
function undefinedIfRefused(error: unknown): undefined {
  const isAnswer = error instanceof Error && /^[A-Z]+ /.test(error.message)
  if (!isAnswer && !(error instanceof TypeError)) throw unavailable(error)
  return undefined
}

/** Returns all primary servers; none if the client does not know them yet. Replicas don't evict keys themselves. */
async function serversOf(client: object): Promise<SendCommand[]> {
  const { nodes, masters, nodeClient } = client as {
    nodes?: unknown
    masters?: unknown
    nodeClient?: unknown
  }
  if (typeof nodes === 'function') return (nodes.call(client, 'master') as object[]).flatMap(serverOf)
  if (Array.isArray(masters) && typeof nodeClient === 'function') {
    const clients = await Promise.all(masters.map((node) => nodeClient.call(client, node) as Promise<object>))
    return clients.flatMap(serverOf)
  }
  return serverOf(client)
}

function serverOf(client: object): SendCommand[] {
  const { call, sendCommand, getSentinelNode } = client as {
    call?: unknown
    sendCommand?: unknown
    getSentinelNode?: unknown
  }
  if (typeof call === 'function') return [async (...command) => call.apply(client, [...command])]
  if (typeof sendCommand !== 'function') return []
  // A client of Sentinel also takes whether a replica may answer: the primary must.
  const first = typeof getSentinelNode === 'function' ? [false] : []
  return [async (...command) => sendCommand.call(client, ...first, [...command])]
}

function unknownPolicy(): SessionError {
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    'Redis does not say whether it deletes keys when its memory is full: allow CONFIG GET or INFO, or set evictionCheck: false if you know that its maxmemory-policy is noeviction',
  )
}

/** Returns the error for a command that failed. */
export function unavailable(cause: unknown): SessionError {
  const reason = cause instanceof Error ? ` (${withoutHidden(cause.message, () => ' ').slice(0, 100)})` : ''
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `a command to Redis failed${reason}: check that it is running and can be written`,
    { cause },
  )
}

/** Settles as the command does, but rejects with `ERR_STORE_UNAVAILABLE` for any error that is not a `SessionError`. */
export async function withStoreError<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((cause: unknown) => {
    throw cause instanceof SessionError ? cause : unavailable(cause)
  })
}
