// What one capability may cost a server at a time, so that one caller can't take what is there for all.

/** Counts that fall again as time passes: each unit counts until a moment of its own. */
export class LiveCounts {
  readonly #bucketMs: number
  readonly #live = new Map<string, number>()
  readonly #buckets = new Map<number, Map<string, number>>()

  /** Units whose moments lie in one stretch of so many milliseconds are let go together, at its end. */
  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs
  }

  /** How much is counted for the id now (milliseconds since 1970). */
  count(id: string, now: number): number {
    for (const [bucket, counts] of this.#buckets) {
      if ((bucket + 1) * this.#bucketMs > now) continue
      this.#buckets.delete(bucket)
      for (const [each, count] of counts) this.#add(each, -count)
    }
    return this.#live.get(id) ?? 0
  }

  /** Counts one for the id until a moment (milliseconds since 1970). */
  add(id: string, until: number): void {
    const bucket = Math.floor(until / this.#bucketMs)
    const counts = this.#buckets.get(bucket) ?? new Map<string, number>()
    this.#buckets.set(bucket, counts)
    counts.set(id, (counts.get(id) ?? 0) + 1)
    this.#add(id, 1)
  }

  #add(id: string, difference: number): void {
    const count = (this.#live.get(id) ?? 0) + difference
    if (count > 0) this.#live.set(id, count)
    else this.#live.delete(id)
  }
}

/** Bytes that are held for each id at a time. */
export class HeldBytes {
  readonly #most: number
  readonly #held = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /** A share of what may be held for the id: `take` says whether so many bytes more may be, `release` gives all back. */
  share(id: string): { take(bytes: number): boolean; release(): void } {
    let taken = 0
    const hold = (bytes: number): void => {
      taken += bytes
      const held = (this.#held.get(id) ?? 0) + bytes
      if (held > 0) this.#held.set(id, held)
      else this.#held.delete(id)
    }
    return {
      take: (bytes) => {
        if ((this.#held.get(id) ?? 0) + bytes > this.#most) return false
        hold(bytes)
        return true
      },
      release: () => hold(-taken),
    }
  }
}
