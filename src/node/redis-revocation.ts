import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
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

/** What revocations are called in Redis, and what is asked of it. */
export interface RedisRevocationOptions extends RedisStoreOptions {
  /** What the keys begin with; `cacao-session:revoked:` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

// Milliseconds that a revocation is kept for longer than its capability counts, because servers' clocks differ, or are wrong for
// a while: a day, for there are few.
const MARGIN_MS = 86_400_000
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
      const forMs = Math.ceil(Math.max(0, until - now()) + MARGIN_MS)
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
