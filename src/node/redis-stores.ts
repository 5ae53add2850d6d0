import { SessionError } from '../base/errors.js'
import { type Clock, latestTime, systemClock } from '../base/time.js'
import type { ReplayStore } from '../http/replay.js'
import {
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import {
  type IORedisClient,
  type NodeRedisClient,
  type RedisStoreOptions,
  redisStore,
} from './redis-client.js'

/** Up to which expiry Redis may have forgotten what was used, in milliseconds since 1970. */
interface ForgottenUntil {
  /** Looks at the clocks, and says. NaN if the clock shows no time. */
  until(): number
  /** Something was used that expires then. */
  used(expiresAt: number): void
}

/**
 * Redis counts the time that is left of a key by a clock of its own. What was used while ours was ahead is forgotten before its
 * time, by ours, once that has gone back: so from then on whatever expires no later than anything used before counts as forgotten.
 * That it went back shows beside a clock that nobody sets; what is within `tolerance` milliseconds needs no remembering, because
 * keys are kept for longer than that.
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

/** What used requests are called in Redis, and what is asked of it. */
export interface RedisReplayOptions extends RedisStoreOptions {
  /** What the keys begin with; `cacao-session:used:` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

// Milliseconds that an id is kept for longer than it counts, because servers' clocks differ, and commands take time.
const REPLAY_MARGIN_MS = 60_000

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
  const forgotten = forgottenUntil(now, REPLAY_MARGIN_MS / 2)
  return {
    async use(id, expiresAt) {
      const forMs = Math.ceil(Math.max(0, expiresAt - now()) + REPLAY_MARGIN_MS)
      if (!Number.isSafeInteger(forMs)) throw new TypeError('expiresAt must be a time in milliseconds')
      if (!(expiresAt > forgotten.until())) return false
      forgotten.used(expiresAt)
      return commands.set(prefix + id, { ifAbsent: true, forMs })
    },
  }
}

/** What revocations are called in Redis, and what is asked of it. */
export interface RedisRevocationOptions extends RedisStoreOptions {
  /** What the keys begin with; `cacao-session:revoked:` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

// Milliseconds that a revocation is kept for longer than its capability counts, because servers' clocks differ, or are wrong for
// a while: a day, for there are few.
const REVOCATION_MARGIN_MS = 86_400_000
const BEFORE = 'before'

/**
 * Revocations in Redis (6.2 or later), for all servers that share it. Takes the user's own client of `redis` or
 * `ioredis`, or a cluster. A revoked capability is kept until it would have expired; an account's sign-out everywhere,
 * for good. Rejects with `ERR_STORE_UNAVAILABLE` while Redis can't be asked, or evicts keys: that is looked at at the first use,
 * and then once a minute, for what is evicted is revoked no more. Set its `maxmemory-policy` to `noeviction`.
 *
 * @example
 * const revocation = redisRevocation(client)
 * await revocation.revoke(caller.cacao) // this session is signed out
 */
export function redisRevocation(
  client: NodeRedisClient | IORedisClient,
  { prefix = 'cacao-session:revoked:', now = systemClock, evictionCheck }: RedisRevocationOptions = {},
): RevocationStore {
  const commands = redisStore(client, prefix, evictionCheck)
  return {
    async revoke(capability) {
      const { id, until } = revokedCapability(capability)
      const forMs = Math.ceil(Math.max(0, until - now()) + REVOCATION_MARGIN_MS)
      await answered(commands.set(`${prefix}capability:${id}`, { ifAbsent: false, forMs }))
    },
    async revokeAll(input, moment = new Date(now())) {
      const { account, before } = revokedAccount(input, moment)
      await answered(commands.raise(`${prefix}account:${account}`, BEFORE, before))
    },
    async isRevoked(cacao) {
      const { id, accounts, issuedAt } = await revocationKeys(cacao)
      const [isRevoked, ...moments] = await answered(
        Promise.all([
          commands.exists(`${prefix}capability:${id}`),
          ...accounts.map((account) => commands.score(`${prefix}account:${account}`, BEFORE)),
        ]),
      )
      const isBefore = moments.some((before = Number.NEGATIVE_INFINITY) => issuedAt <= before)
      return isRevoked || isBefore
    },
  }
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((cause: unknown) => {
    if (cause instanceof SessionError) throw cause
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      'Redis did not do what it was asked: see that it is up and can be written',
      { cause },
    )
  })
}
