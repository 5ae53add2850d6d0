import { type Clock, latestTime, systemClock, within } from '../base/environment.js'
import { booleanOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import type { RevocationEvent } from '../capability/check-options.js'
import type { ReplayStore } from '../http/replay.js'
import {
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import { type IORedisSubscriber, type NodeRedisSubscriber, revocationChannel } from './redis-channel.js'
import {
  type IORedisClient,
  type NodeRedisClient,
  type RedisStoreOptions,
  redisStore,
  STORE_READERS,
  withStoreError,
} from './redis-client.js'

/** The options of `redisReplay`. */
export interface RedisReplayOptions extends RedisStoreOptions {
  /** The prefix of the keys; `cacao-session:used:` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const REPLAY_OPTIONS: ReadersOf<RedisReplayOptions> = {
  ...STORE_READERS,
  evictionCheck: setting(booleanOption),
}

// Milliseconds for which an id is kept after it has expired, because the clocks of servers differ, and commands take time.
const REPLAY_MARGIN_MS = 60_000

/**
 * Remembers used requests in Redis, for all servers that share it, with one `SET … NX PX` for each. Takes a client, a cluster
 * or a Sentinel client of the package `redis` (4 or later) or `ioredis`. Throws a `TypeError` for any other client or a wrong option.
 *
 * While Redis can't be reached, `use` rejects with `ERR_STORE_UNAVAILABLE`, and requests are refused. This takes `storeTimeoutMs`,
 * unless the client's own queue is off (`disableOfflineQueue: true` in `redis`, `enableOfflineQueue: false` in `ioredis`).
 *
 * On the first use, and then once a minute, it checks that Redis does not evict keys (`maxmemory-policy`). If Redis does, used requests
 * could be forgotten, so `use` rejects with `ERR_STORE_UNAVAILABLE`. If the clock was ahead and is set back, every request is refused
 * that may have been used and forgotten in the meantime.
 *
 * @example
 * const client = createClient({ url, disableOfflineQueue: true }) // of the package redis
 * client.on('error', console.error) // without a listener, an error ends the process
 * await client.connect()
 * app.use('/api/*', requireSession({ ...options, replay: redisReplay(client) }))
 */
export function redisReplay(
  client: NodeRedisClient | IORedisClient,
  options: RedisReplayOptions = {},
): ReplayStore {
  const {
    prefix = 'cacao-session:used:',
    now = systemClock,
    evictionCheck,
  } = readOptions<RedisReplayOptions>(options, REPLAY_OPTIONS)
  const commands = redisStore(client, prefix, evictionCheck)
  const forgotten = forgottenUntil(now, REPLAY_MARGIN_MS / 2)
  return {
    async use(id, expiresAt) {
      const forMs = Math.ceil(Math.max(0, expiresAt - now()) + REPLAY_MARGIN_MS)
      if (!Number.isSafeInteger(forMs)) throw new TypeError('expiresAt must be a time in milliseconds')
      if (!(expiresAt > forgotten.until())) return false
      forgotten.used(expiresAt)
      return withStoreError(commands.set(prefix + id, { ifAbsent: true, forMs }))
    },
  }
}

/** Redis may have forgotten used requests that expire until a certain time. Times are milliseconds since 1970. */
interface ForgottenUntil {
  /** Compares the clocks and returns that time; NaN if the clock returns NaN. */
  until(): number
  /** Notes that a request with this expiry was used. */
  used(expiresAt: number): void
}

/**
 * Redis measures by its own clock how long it still has to keep a key. If our clock was ahead when a request was used, and is set
 * back afterwards, Redis forgets the request before it expires by our clock. From then on, every request whose expiry is not later
 * than the latest expiry of the requests used before counts as forgotten. A comparison with `steady`, a clock that nobody can set,
 * shows that our clock was set back. Differences of up to `tolerance` milliseconds are ignored, because keys are kept for longer than
 * that after they expire.
 */
function forgottenUntil(
  now: Clock,
  tolerance: number,
  steady: Clock = () => performance.now(),
): ForgottenUntil {
  const latest = latestTime(now)
  let mostAhead = Number.NEGATIVE_INFINITY
  let lastExpiry = Number.NEGATIVE_INFINITY
  let forgotten = Number.NEGATIVE_INFINITY
  return {
    until() {
      const [time, ahead] = [latest(), now() - steady()]
      if (ahead > mostAhead) mostAhead = ahead
      if (ahead < mostAhead - tolerance) {
        forgotten = lastExpiry
        mostAhead = ahead
      }
      return Number.isNaN(ahead) ? ahead : Math.max(time, forgotten)
    },
    used(expiresAt) {
      lastExpiry = Math.max(lastExpiry, expiresAt)
    },
  }
}

/** The options of `redisRevocation`. */
export interface RedisRevocationOptions extends RedisStoreOptions {
  /** The prefix of the keys; `cacao-session:revoked:` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /**
   * A second connection of this server to the same Redis: `await client.duplicate().connect()` with the package `redis`, or
   * `client.duplicate()` with `ioredis`. It receives revocations as they happen (pub/sub), so that `untilSessionEnds` ends sockets at
   * once. Without it, `untilSessionEnds` asks Redis from time to time.
   */
  subscriber?: NodeRedisSubscriber | IORedisSubscriber
}

const REVOCATION_OPTIONS: ReadersOf<RedisRevocationOptions> = {
  ...REPLAY_OPTIONS,
  // `revocationChannel` checks it, also if it is `undefined`.
  subscriber: setting((value) => value as NodeRedisSubscriber),
}

// Milliseconds for which a revocation is kept beyond the time for which its capability is valid, because the clocks of servers differ,
// or may be wrong for a while. It is a whole day, because there are few revocations.
const REVOCATION_MARGIN_MS = 86_400_000
const BEFORE = 'before'
// The revocation is already stored, so `revoke` doesn't wait long for the message to be sent.
const PUBLISH_MS = 1000

/**
 * Keeps revocations in Redis (6.2 or later), for all servers that share it. Takes a client, a cluster or a Sentinel client of the
 * package `redis` (4 or later) or `ioredis`. Throws a `TypeError` for any other client or a wrong option.
 *
 * A revoked capability is kept for as long as it is valid, from `iat` to `exp`, and a day more, so that a wrong clock of a server can't
 * end that early; the revocation of an account is kept forever. The methods reject with `ERR_STORE_UNAVAILABLE` while Redis can't be
 * reached, and if it evicts keys, because an evicted revocation is lost. The store checks this on the first use, and then once a minute.
 * Set the `maxmemory-policy` of Redis to `noeviction`.
 *
 * @example
 * const revocation = redisRevocation(client)
 * await revocation.revoke(caller.cacao) // this session is signed out
 */
export function redisRevocation(
  client: NodeRedisClient | IORedisClient,
  options: RedisRevocationOptions = {},
): RevocationStore {
  const {
    prefix = 'cacao-session:revoked:',
    now = systemClock,
    evictionCheck,
    subscriber,
  } = readOptions<RedisRevocationOptions>(options, REVOCATION_OPTIONS)
  const commands = redisStore(client, prefix, evictionCheck)
  const channel = `${prefix}events`
  const publish = async (event: RevocationEvent): Promise<void> => {
    // A failure is ignored, because servers that get no message find the revocation when they ask Redis.
    await within(PUBLISH_MS, commands.publish(channel, JSON.stringify(event))).catch(() => undefined)
  }
  return {
    async revoke(capability) {
      const { id, issuedAt, until } = revokedCapability(capability)
      // Long enough even if this server's clock is ahead by days: a capability is in use for less than its own dates say.
      const forMs = Math.ceil(Math.max(0, until - Math.min(now(), issuedAt)) + REVOCATION_MARGIN_MS)
      await withStoreError(commands.set(`${prefix}capability:${id}`, { ifAbsent: false, forMs }))
      await publish({ id })
    },
    async revokeAll(input, moment = new Date(now())) {
      const { account, before } = revokedAccount(input, moment)
      await withStoreError(commands.raise(`${prefix}account:${account}`, BEFORE, before))
      await publish({ account })
    },
    async isRevoked(cacao) {
      const { id, accounts, issuedAt } = await revocationKeys(cacao)
      const [isRevoked, ...moments] = await withStoreError(
        Promise.all([
          commands.exists(`${prefix}capability:${id}`),
          ...accounts.map((account) => commands.score(`${prefix}account:${account}`, BEFORE)),
        ]),
      )
      const isBefore = moments.some((before = Number.NEGATIVE_INFINITY) => issuedAt <= before)
      return isRevoked || isBefore
    },
    ...(Object.hasOwn(options, 'subscriber') && {
      onRevoked: revocationChannel(subscriber as NodeRedisSubscriber, channel),
    }),
  }
}
