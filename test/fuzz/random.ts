/** A seeded generator (mulberry32): the same seed gives the same cases everywhere. */
export class Random {
  #state: number

  constructor(...seeds: readonly number[]) {
    this.#state = seeds.reduce(
      (state, seed) => Math.imul(state ^ seed, 0x9e3779b1) ^ (seed >>> 15),
      0x51ed270b,
    )
    this.next()
  }

  /** An integer of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** An integer from 0 up to, and without, the limit; 0 for a limit of 0. */
  below(limit: number): number {
    return limit < 1 ? 0 : this.next() % limit
  }

  /** True once in so many calls, on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  shuffled<T>(list: readonly T[]): T[] {
    const keyed = list.map((item) => [this.next(), item] as const)
    return keyed.sort(([a], [b]) => a - b).map(([, item]) => item)
  }
}
