import type { Clock } from './environment.js'

/** Runs asynchronous tasks one after the other, in the order in which they were added. A failed task does not stop the rest. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs the task after all tasks that were added before, and settles as it does. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    this.#last = result.catch(() => undefined)
    return result
  }
}

/** How `SingleFlight` remembers failures. */
export interface SingleFlightOptions {
  /** Milliseconds for which a failure is remembered and returned again. */
  readonly failuresMs: number
  /** Failures that are remembered at a time. */
  readonly mostFailures: number
  readonly now: Clock
}

/**
 * Runs a task once for all callers that ask for it at the same time, and remembers for a while that it failed, so that it is
 * not tried again at once. Tasks are told apart by an id.
 */
export class SingleFlight<T> {
  readonly #options: SingleFlightOptions
  readonly #running = new Map<string, Promise<T>>()
  readonly #failures = new Map<string, { readonly at: number; readonly error: unknown }>()

  constructor(options: SingleFlightOptions) {
    this.#options = options
  }

  /** The result of the task that is running under this id; or the error of one that failed recently; or of this task. */
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

  // False if the clock was set back, because then nobody knows how long ago it was.
  #isRecent(at: number): boolean {
    const age = this.#options.now() - at
    return age >= 0 && age < this.#options.failuresMs
  }

  // Failures are in the order of their times, unless the clock was set back; such ones are dropped when there are too many.
  #dropOldFailures(): void {
    for (const [id, { at }] of this.#failures) {
      if (this.#failures.size < this.#options.mostFailures && this.#isRecent(at)) return
      this.#failures.delete(id)
    }
  }
}
