import { type Clock, systemClock } from '../base/clock.js'
import type { ReplayStore } from '../http/replay.js'
import { forgottenUntil } from './forgotten-until.js'
import {
  type IORedisClient,
  type NodeRedisClient,
  type RedisStoreOptions,
  redisStore,
} from './redis-client.js'

/** What used requests are called in Redis, and what is asked of it. */
export interface RedisReplayOptions extends RedisStoreOptions {
  /** What the keys begin with; `cacao-session:used:` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

// Milliseconds that an id is kept for longer than it counts, because servers' clocks differ, and commands take time.
const MARGIN_MS = 60_000

/**
 * Remembers used requests in Redis, for all servers that share it, by one `SET … NX PX` for each. Takes the user's own
 * client of `redis` or `ioredis`, or a cluster. While Redis can't be asked, `use` rejects and requests are refused; at
 * once rather than after `storeTimeoutMs` if the client keeps no queue of its own (`disableOfflineQueue: true` in `redis`,
 * `enableOfflineQueue: false` in `ioredis`). At the first use, and then once a minute, it is asked whether it evicts keys
 * (`maxmemory-policy`): one that does forgets under load what was used, so that `use` rejects with `ERR_STORE_UNAVAILABLE`. After
 * its clock has jumped ahead and back, whatever may have been used and forgotten meanwhile is refused.
 *
 * @example
 * const client = await createClient({ url }).connect() // of the package redis
 * app.use('/api/*', requireSession({ ...options, replay: redisReplay(client) }))
 */
export function redisReplay(
  client: NodeRedisClient | IORedisClient,
  { prefix = 'cacao-session:used:', now = systemClock, evictionCheck }: RedisReplayOptions = {},
): ReplayStore {
  const commands = redisStore(client, prefix, evictionCheck)
  const forgotten = forgottenUntil(now, MARGIN_MS / 2)
  return {
    async use(id, expiresAt) {
      const forMs = Math.ceil(Math.max(0, expiresAt - now()) + MARGIN_MS)
      if (!Number.isSafeInteger(forMs)) throw new TypeError('expiresAt must be a time in milliseconds')
      if (!(expiresAt > forgotten.until())) return false
      forgotten.used(expiresAt)
      return commands.set(prefix + id, { ifAbsent: true, forMs })
    },
  }
}
