/** The values used last, up to so many: what is kept so that work need not be done again. */
export class LRUCache<Value> {
  readonly #most: number
  readonly #values = new Map<string, Value>()

  constructor(most: number) {
    this.#most = most
  }

  get(id: string): Value | undefined {
    const value = this.#values.get(id)
    if (value === undefined) return undefined
    // Whatever is used moves to the end, away from where values are dropped.
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
