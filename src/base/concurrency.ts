import type { Clock } from './environment.js'

/**
 * Runs asynchronous tasks one after the other, in the order in which they were added. A failed task does not stop the
 * rest.
 */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs the task after all tasks that were added before it, and settles as the task does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => undefined)
    return result
  }
}

/** How `SingleFlight` remembers failures. */
export interface SingleFlightOptions {
  /** Milliseconds for which a failure is remembered and thrown again. */
  readonly failuresMs: number
  /** The most failures that are remembered at a time. */
  readonly mostFailures: number
  readonly now: Clock
}

/**
 * Runs a task once for all callers that request it at the same time. If the task fails, the failure is remembered for a
 * while, so that the task is not tried again at once. Tasks are distinguished by an id.
 */
export class SingleFlight<T> {
  readonly #options: SingleFlightOptions
  readonly #running = new Map<string, Promise<T>>()
  readonly #failures = new Map<string, { readonly at: number; readonly error: unknown }>()

  constructor(options: SingleFlightOptions) {
    this.#options = options
  }

  /**
   * Rejects with the error of a task with this id that failed recently. Otherwise settles as the task with this id that
   * is already running does, or else runs this task.
   */
  async run(id: string, task: () => Promise<T>): Promise<T> {
    const failure = this.#failures.get(id)
    if (failure && this.#isRecent(failure.at)) throw failure.error
    const running = this.#running.get(id)
    if (running) return running
    const result = this.#start(id, task)
    this.#running.set(id, result)
    return result
  }

  async #start(id: string, task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } catch (error) {
      this.#dropOldFailures()
      this.#failures.set(id, { at: this.#options.now(), error })
      throw error
    } finally {
      this.#running.delete(id)
    }
  }

  // `false` if the clock was set back, because then the age of the failure is unknown.
  #isRecent(at: number): boolean {
    const age = this.#options.now() - at
    return age >= 0 && age < this.#options.failuresMs
  }

  // Failures are ordered by time, unless the clock was set back. In that case, they are dropped when there are too
  // many.
  #dropOldFailures(): void {
    for (const [id, { at }] of this.#failures) {
      if (this.#failures.size < this.#options.mostFailures && this.#isRecent(at)) return
      this.#failures.delete(id)
    }
  }
}
