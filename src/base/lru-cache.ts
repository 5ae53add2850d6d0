/** Keeps at most `most` values by id. Drops the least recently used value to make room for a new one. */
export class LRUCache<Value> {
  readonly #most: number
  // Ordered by last use, the oldest first.
  readonly #values = new Map<string, Value>()

  constructor(most: number) {
    this.#most = most
  }

  get(id: string): Value | undefined {
    const value = this.#values.get(id)
    if (value === undefined) return undefined
    this.#values.delete(id)
    this.#values.set(id, value)
    return value
  }

  set(id: string, value: Value): void {
    this.#values.delete(id)
    const [oldest] = this.#values.keys()
    if (this.#values.size >= this.#most && oldest !== undefined) this.#values.delete(oldest)
    if (this.#most > 0) this.#values.set(id, value)
  }

  /** Returns whether there was a value. */
  delete(id: string): boolean {
    return this.#values.delete(id)
  }
}
