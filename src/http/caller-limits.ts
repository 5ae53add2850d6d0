import { ExpiryBuckets } from './replay.js'

// Limits for each capability, so that one caller can't use up the server's memory.

/**
 * Counts live requests by id. A request counts until it expires, and at most `most` of one id may be live at a time.
 */
export class LiveRequests {
  readonly #most: number
  readonly #counts = new Map<string, number>()
  readonly #buckets = new ExpiryBuckets(() => new Map<string, number>())

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Counts one more request of the id until `expiresAt`, and returns a function that uncounts it. If the limit is
   * reached, counts nothing and returns `undefined`. Times are milliseconds since 1970.
   */
  reserve(id: string, expiresAt: number, now: number): (() => void) | undefined {
    for (const expired of this.#buckets.takeExpired(now)) {
      for (const [each, count] of expired) add(this.#counts, each, -count)
      // So that a request that is uncounted later is not subtracted twice.
      expired.clear()
    }
    if ((this.#counts.get(id) ?? 0) >= this.#most) return undefined
    const bucket = this.#buckets.at(expiresAt)
    add(bucket, id, 1)
    add(this.#counts, id, 1)
    return () => {
      if (!bucket.has(id)) return
      add(bucket, id, -1)
      add(this.#counts, id, -1)
    }
  }
}

/** Counts the bytes of request bodies that are buffered at the moment, for each id. */
export class BufferedBytes {
  readonly #most: number
  readonly #counts = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /**
   * The share of one body in the buffer of the id. `take` counts more bytes, or returns `false` if they would exceed
   * the limit; `release` uncounts all bytes of the body.
   */
  share(id: string): { take(bytes: number): boolean; release(): void } {
    let taken = 0
    return {
      take: (bytes) => {
        if ((this.#counts.get(id) ?? 0) + bytes > this.#most) return false
        taken += bytes
        add(this.#counts, id, bytes)
        return true
      },
      release: () => {
        add(this.#counts, id, -taken)
        taken = 0
      },
    }
  }
}

function add(counts: Map<string, number>, id: string, difference: number): void {
  const count = (counts.get(id) ?? 0) + difference
  if (count > 0) counts.set(id, count)
  else counts.delete(id)
}
