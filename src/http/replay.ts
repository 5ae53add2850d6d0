import { type Clock, clockOption, latestTime, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { shortId } from '../base/node-crypto.js'
import { countOption, type ReadersOf, type ReadValue, readOptions, setting } from '../base/options.js'
import { methodOption } from '../capability/check-options.js'

/**
 * Remembers which requests a server has accepted. Servers of the same app must share one store, such as `redisReplay`
 * of `cacao-session/node`.
 */
export interface ReplayStore {
  /**
   * Marks an id as used, and returns whether this was its first use. This must be one atomic operation, also between
   * processes. The id must be remembered until `expiresAt` (milliseconds since 1970). Once the clock has passed that
   * time, the answer must be `false`, even if the clock is set back later, because the id may have been forgotten. If
   * the answer is neither `true` nor `false`, or rejects, the request is refused with `ERR_STORE_UNAVAILABLE`.
   */
  use(id: string, expiresAt: number): boolean | Promise<boolean>
}

/** Options of `memoryReplay`. */
export interface MemoryReplayOptions {
  /** The most ids that are remembered at a time; 500,000 by default. While the store is full, requests are refused. */
  maxEntries?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const MEMORY_OPTIONS: ReadersOf<MemoryReplayOptions> = {
  maxEntries: setting(countOption),
  now: setting(clockOption),
}

/**
 * Remembers used requests in the memory of this process until they expire. `use` throws `ERR_STORE_UNAVAILABLE` while
 * the store is full, because it must not forget a request that has not expired. If the clock is set back, the store
 * refuses every request that expires before the latest time that the clock has shown. Throws a `TypeError` for a wrong
 * option.
 *
 * @example
 * const verify = requestVerifier({ ...options, replay: memoryReplay() })
 */
export function memoryReplay(options: MemoryReplayOptions = {}): ReplayStore {
  const { maxEntries = 500_000, now = systemClock } = readOptions<MemoryReplayOptions>(
    options,
    MEMORY_OPTIONS,
  )
  const clock = latestTime(now)
  const used = new Set<string>()
  const buckets = new ExpiryBuckets<string[]>(() => [])
  return {
    use(id, expiresAt) {
      const time = clock()
      if (Number.isNaN(time))
        throw unavailable('its clock returns NaN: pass a `now` that returns milliseconds since 1970')
      if (!Number.isFinite(expiresAt))
        throw unavailable('expiresAt must be a finite time in milliseconds since 1970')
      for (const expired of buckets.takeExpired(time)) for (const each of expired) used.delete(each)
      const key = shortId(id)
      if (used.has(key) || expiresAt <= time) return false
      if (used.size >= maxEntries)
        throw unavailable(
          `it is full, with ${maxEntries} used requests: raise maxEntries, or use redisReplay of cacao-session/node`,
        )
      buckets.at(expiresAt).push(key)
      used.add(key)
      return true
    },
  }
}

function unavailable(reason: string): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', `memoryReplay can't remember the request: ${reason}`)
}

const BUCKET_MS = 5000

/**
 * Groups items by their expiry into buckets of 5 seconds, so that a whole bucket is forgotten at once, without a look
 * at each item. Times are milliseconds since 1970.
 */
export class ExpiryBuckets<Bucket> {
  readonly #create: () => Bucket
  readonly #buckets = new Map<number, Bucket>()
  // The index of the earliest bucket, so that most calls of `takeExpired` need not search.
  #first = Number.POSITIVE_INFINITY

  /** `create` makes an empty bucket. */
  constructor(create: () => Bucket) {
    this.#create = create
  }

  /** Returns the bucket for items that expire at that time. */
  at(expiresAt: number): Bucket {
    const index = Math.floor(expiresAt / BUCKET_MS)
    const bucket = this.#buckets.get(index) ?? this.#create()
    this.#buckets.set(index, bucket)
    this.#first = Math.min(this.#first, index)
    return bucket
  }

  /** Removes and returns the buckets in which everything has expired at `now`. */
  takeExpired(now: number): Bucket[] {
    const isExpired = (index: number): boolean => (index + 1) * BUCKET_MS <= now
    if (!isExpired(this.#first)) return []
    const expired = [...this.#buckets].filter(([index]) => isExpired(index))
    for (const [index] of expired) this.#buckets.delete(index)
    this.#first = Number.POSITIVE_INFINITY
    for (const index of this.#buckets.keys()) this.#first = Math.min(this.#first, index)
    return expired.map(([, bucket]) => bucket)
  }
}

/**
 * Throws a `TypeError` for a Workers KV namespace. KV has no atomic operation, and a write becomes visible in other
 * places only after a minute: two servers would both accept the same request, and a revoked session would stay valid.
 */
export function refuseWorkersKV(value: unknown, name: string): void {
  const methods = ['get', 'put', 'list', 'delete', 'getWithMetadata']
  const object = value as Record<string, unknown> | null
  if (typeof object !== 'object' || !methods.every((method) => typeof object?.[method] === 'function')) return
  throw new TypeError(
    `${name} is a Workers KV namespace, which is not atomic: it would accept the same request twice, at the same time or in two places. Use a Durable Object, upstashReplay of cacao-session/upstash, or an SQL database`,
  )
}

const FORM = 'a store with a method use, such as memoryReplay() returns'

/** Reads a `ReplayStore`. */
export const usedStoreOption: ReadValue<ReplayStore> = (value, name) => {
  refuseWorkersKV(value, name)
  return methodOption<ReplayStore>('use', FORM)(value, name)
}

/** Reads the option `replay` of a verifier. */
export const replayOption: ReadValue<ReplayStore | false> = (value, name) => {
  if (value === false) return false
  refuseWorkersKV(value, name)
  return methodOption<ReplayStore>('use', `${FORM}, or false if a request may be received twice`)(value, name)
}
