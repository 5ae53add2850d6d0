import { ExpiryBuckets } from './replay.js'

// What one capability may take up on a server at a time, so that one caller can't use up what is there for all.

/** Counts live requests by id. Each counts until it expires, and no more than `most` of one id at a time. */
export class LiveRequests {
  readonly #most: number
  readonly #counts = new Map<string, number>()
  readonly #buckets = new ExpiryBuckets(() => new Map<string, number>())

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Counts one more request of the id until `expiresAt`, and returns a function that takes it back. Returns `undefined`,
   * and counts nothing, if there are as many as allowed. Times are milliseconds since 1970.
   */
  reserve(id: string, expiresAt: number, now: number): (() => void) | undefined {
    for (const expired of this.#buckets.takeExpired(now)) {
      for (const [each, count] of expired) add(this.#counts, each, -count)
      // So that a request which is taken back later is not subtracted twice.
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

/** Counts the bytes of bodies that are buffered at a time, for each id. */
export class BufferedBytes {
  readonly #most: number
  readonly #counts = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /**
   * The share of one body in what may be buffered for the id: `take` adds bytes, or returns false if that would be too
   * many; `release` gives all of them back.
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
