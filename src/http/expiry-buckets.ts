const BUCKET_MS = 5000

/**
 * Collections of what expires, one for each 5 seconds, so that everything in them is forgotten together and nobody has to
 * look at each item. Times are milliseconds since 1970.
 */
export class ExpiryBuckets<Bucket> {
  readonly #create: () => Bucket
  readonly #buckets = new Map<number, Bucket>()

  /** `create` makes an empty bucket. */
  constructor(create: () => Bucket) {
    this.#create = create
  }

  /** The bucket for what expires at that time. */
  at(expiresAt: number): Bucket {
    const index = Math.floor(expiresAt / BUCKET_MS)
    const bucket = this.#buckets.get(index) ?? this.#create()
    this.#buckets.set(index, bucket)
    return bucket
  }

  /** Removes and returns the buckets in which everything has expired at `now`. */
  takeExpired(now: number): Bucket[] {
    const expired = [...this.#buckets].filter(([index]) => (index + 1) * BUCKET_MS <= now)
    for (const [index] of expired) this.#buckets.delete(index)
    return expired.map(([, bucket]) => bucket)
  }
}
