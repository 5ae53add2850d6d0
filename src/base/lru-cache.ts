/** Keeps up to `most` values, by id; drops the least recently used one to make room for another. */
export class LRUCache<Value> {
  readonly #most: number
  // In the order of their last use.
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
}
