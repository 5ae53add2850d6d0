import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
import {
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import { type IORedisClient, type NodeRedisClient, redisCommands } from './redis-client.js'

/** What revocations are called in Redis. */
export interface RedisRevocationOptions {
  /** What the keys begin with; `cacao-session:revoked:` by default. */
  prefix?: string
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

// Milliseconds that a revocation is kept for longer than its capability counts, because servers' clocks differ.
const MARGIN_MS = 60_000
const BEFORE = 'before'

/**
 * Revocations in Redis (6.2 or later), for all servers that share it. Takes the user's own client of `redis` or
 * `ioredis`, or a cluster. A revoked capability is kept until it would have expired; an account's sign-out everywhere,
 * for good. Rejects with `ERR_STORE_UNAVAILABLE` while Redis can't be asked.
 *
 * @example
 * const revocation = redisRevocation(client)
 * await revocation.revoke(caller.cacao) // this session is signed out
 */
export function redisRevocation(
  client: NodeRedisClient | IORedisClient,
  { prefix = 'cacao-session:revoked:', now = systemClock }: RedisRevocationOptions = {},
): RevocationStore {
  const commands = redisCommands(client)
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
      const { id, account, issuedAt } = revocationKeys(cacao)
      const [isRevoked, before = Number.NEGATIVE_INFINITY] = await answered(
        Promise.all([
          commands.exists(`${prefix}capability:${id}`),
          commands.score(`${prefix}account:${account}`, BEFORE),
        ]),
      )
      return isRevoked || issuedAt <= before
    },
  }
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((cause: unknown) => {
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      'Redis did not do what it was asked: see that it is up and can be written',
      { cause },
    )
  })
}
