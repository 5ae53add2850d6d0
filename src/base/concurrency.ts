import type { Clock } from './time.js'
/** Does one piece of work after another, in the order in which they came. One that fails holds up none. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** How long failures are remembered, and how many. */
export interface SingleFlightOptions {
  readonly failuresMs: number
  readonly mostFailures: number
  readonly now: Clock
}

/** Work that is the same for all who ask for it at one time: done once, and not at once again after it has failed. */
export class SingleFlight<T> {
  readonly #options: SingleFlightOptions
  readonly #underWay = new Map<string, Promise<T>>()
  readonly #failures = new Map<string, { readonly at: number; readonly error: unknown }>()

  constructor(options: SingleFlightOptions) {
    this.#options = options
  }

  /** What the work of that id gives: what is under way, or did fail just now, or else new work. */
  async run(id: string, work: () => Promise<T>): Promise<T> {
    const failure = this.#failures.get(id)
    if (failure && this.#isRecent(failure.at)) throw failure.error
    const before = this.#underWay.get(id)
    if (before) return before
    const result = this.#remembering(id, work)
    this.#underWay.set(id, result)
    return result
  }

  async #remembering(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.#forgetOld()
      this.#failures.set(id, { at: this.#options.now(), error })
      throw error
    } finally {
      this.#underWay.delete(id)
    }
  }

  // False after the clock has gone back: nobody knows how long ago that was.
  #isRecent(at: number): boolean {
    const age = this.#options.now() - at
    return age >= 0 && age < this.#options.failuresMs
  }

  // They stand in the order of their time, but for those that a clock has mixed up, which go when there are too many.
  #forgetOld(): void {
    for (const [id, { at }] of this.#failures) {
      if (this.#failures.size < this.#options.mostFailures && this.#isRecent(at)) return
      this.#failures.delete(id)
    }
  }
}
