import { SessionError } from '../base/errors.js'
import { type Clock, latestTime, systemClock } from '../base/time.js'

/**
 * Where a server remembers which requests it has accepted. Servers that stand for one another share one, such as
 * `redisReplay` of `cacao-session/node`.
 */
export interface ReplayStore {
  /**
   * Marks an id as used and says whether this was its first use: one atomic operation, also between processes. The id
   * must be remembered until `expiresAt` (milliseconds since 1970); once that is past, and so may be forgotten, the answer is no,
   * also if the clock has gone back since. Whatever is not `true` or `false`, a rejection
   * too, refuses the request with `ERR_STORE_UNAVAILABLE`.
   */
  use(id: string, expiresAt: number): boolean | Promise<boolean>
}

/** How many used requests are remembered. */
export interface MemoryReplayOptions {
  /** Ids that are remembered at a time; 500,000 by default. When it is full, requests are refused. */
  maxEntries?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

// Ids are forgotten together with all that expire in the same stretch of time, in milliseconds.
const BUCKET_MS = 5000

/**
 * Remembers used requests in the memory of this process, for as long as they could be used again. Throws
 * `ERR_STORE_UNAVAILABLE` when it is full, rather than forget one that still counts. After its clock has jumped ahead and back,
 * it refuses whatever expires before the latest time that it has seen.
 *
 * @example
 * const verify = requestVerifier({ ...options, replay: memoryReplay() })
 */
export function memoryReplay({
  maxEntries = 500_000,
  now = systemClock,
}: MemoryReplayOptions = {}): ReplayStore {
  if (!(Number.isSafeInteger(maxEntries) && maxEntries > 0))
    throw new TypeError('maxEntries must be a positive whole number')
  const clock = latestTime(now)
  const used = new Set<string>()
  const buckets = new Map<number, string[]>()
  const forget = (time: number): void => {
    for (const [bucket, ids] of buckets) {
      if ((bucket + 1) * BUCKET_MS > time) continue
      for (const id of ids) used.delete(id)
      buckets.delete(bucket)
    }
  }
  return {
    use(id, expiresAt) {
      const time = clock()
      forget(time)
      if (used.has(id) || expiresAt <= time) return false
      if (used.size >= maxEntries || !Number.isFinite(expiresAt) || Number.isNaN(time)) {
        throw new SessionError(
          'ERR_STORE_UNAVAILABLE',
          `${maxEntries} requests are remembered already: raise maxEntries, or use redisReplay`,
        )
      }
      const bucket = Math.floor(expiresAt / BUCKET_MS)
      const ids = buckets.get(bucket)
      if (ids) ids.push(id)
      else buckets.set(bucket, [id])
      used.add(id)
      return true
    },
  }
}
