import { type Clock, systemClock } from '../base/environment.js'
import { countOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import type { DeviceStore, SeenDevice } from '../http/devices.js'
import {
  type IORedisClient,
  type NodeRedisClient,
  redisCommands,
  STORE_READERS,
  unavailable,
  unexpected,
  withStoreError,
} from './redis-client.js'

/** The options of `redisDevices`. */
export interface RedisDevicesOptions {
  /** The prefix of the keys; `cacao-session:devices:` by default. */
  prefix?: string
  /** The number of sessions to keep for each account, those seen last; 100 by default. */
  maxPerAccount?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const DEVICES_OPTIONS: ReadersOf<RedisDevicesOptions> = {
  ...STORE_READERS,
  maxPerAccount: setting(countOption),
}

/**
 * Remembers devices in Redis, for all servers that share it, in one hash for each account. Takes a client or a cluster of the package
 * `redis` (4 or later) or `ioredis`. The methods reject with `ERR_STORE_UNAVAILABLE` while Redis can't be reached. This store does not
 * check whether Redis evicts keys: an evicted device is stored again with its next request. Throws a `TypeError` for any other client
 * or a wrong option.
 *
 * @example
 * const devices = redisDevices(client)
 * app.use('/api/*', requireSession({ ...options, devices: { store: devices } }))
 */
export function redisDevices(
  client: NodeRedisClient | IORedisClient,
  options: RedisDevicesOptions = {},
): DeviceStore {
  const {
    prefix = 'cacao-session:devices:',
    maxPerAccount = 100,
    now = systemClock,
  } = readOptions<RedisDevicesOptions>(options, DEVICES_OPTIONS)
  const commands = redisCommands(client)
  const run = async (script: string, account: string, ...args: readonly string[]): Promise<unknown> =>
    withStoreError(commands.run(script, prefix + account, args))
  return {
    async seen({ account, id, ...device }) {
      // JSON can't represent `Infinity`, so a session without an expiry has no `expiresAt`.
      const { expiresAt, ...rest } = device
      const entry = Number.isFinite(expiresAt) ? device : rest
      await run(SEEN, account, String(now()), String(maxPerAccount), id, JSON.stringify(entry))
    },
    async list(account) {
      const answer = await run("return redis.call('HGETALL', KEYS[1])", account)
      return devicesOf(account, answer).filter(({ expiresAt }) => expiresAt > now())
    },
    async remove(account, id) {
      await run(REMOVE, account, String(now()), String(maxPerAccount), id)
    },
  }
}

// Milliseconds for which a key is kept after its last session has expired, because the clocks of servers differ.
const MARGIN_MS = 60_000

// Removes devices that have expired or exceed the maximum, and sets the key to expire with the last session.
const TRIM = `
local now, all, left, last = tonumber(ARGV[1]), redis.call('HGETALL', KEYS[1]), {}, 0
for i = 1, #all, 2 do
  local each = cjson.decode(all[i + 1])
  if each.expiresAt and each.expiresAt <= now then
    redis.call('HDEL', KEYS[1], all[i])
  else
    table.insert(left, { id = all[i], lastSeen = each.lastSeen })
    last = math.max(last, each.expiresAt or math.huge)
  end
end
table.sort(left, function(a, b) return a.lastSeen > b.lastSeen end)
for i = tonumber(ARGV[2]) + 1, #left do redis.call('HDEL', KEYS[1], left[i].id) end
if last == math.huge then
  redis.call('PERSIST', KEYS[1])
elseif last > now then
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last - now + ${MARGIN_MS}))
end
return 1`

// Merges a device with the entry that is stored for it.
const SEEN = `
local device = cjson.decode(ARGV[4])
local known = redis.call('HGET', KEYS[1], ARGV[3])
if known then
  known = cjson.decode(known)
  device.name = device.name or known.name
  device.firstSeen = math.min(device.firstSeen, known.firstSeen)
  device.lastSeen = math.max(device.lastSeen, known.lastSeen)
end
redis.call('HSET', KEYS[1], ARGV[3], cjson.encode(device))
${TRIM}`

// Without the device, the key may have to expire earlier, or at all.
const REMOVE = `
redis.call('HDEL', KEYS[1], ARGV[3])
${TRIM}`

function devicesOf(account: string, answer: unknown): SeenDevice[] {
  if (!Array.isArray(answer)) throw unavailable(unexpected(answer))
  return answer.flatMap((id: unknown, i) => (i % 2 === 0 ? [deviceOf(account, id, answer[i + 1])] : []))
}

function deviceOf(account: string, id: unknown, entry: unknown): SeenDevice {
  try {
    const device = JSON.parse(String(entry)) as Omit<SeenDevice, 'account' | 'id' | 'expiresAt'>
    return { expiresAt: Number.POSITIVE_INFINITY, ...device, account, id: String(id) }
  } catch (cause) {
    throw unavailable(cause)
  }
}
