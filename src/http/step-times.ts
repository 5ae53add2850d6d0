/** The steps in which a request is verified, in their order. */
export type VerifyStep = 'signature' | 'capability' | 'body' | 'revocation' | 'replay'

/**
 * Milliseconds that verifying a request took: all of it, and each step that was begun. The first of them has the request's own
 * signature; `capability` has the wallet's, which is verified once for each session.
 */
export interface StepTimes extends Partial<Readonly<Record<VerifyStep, number>>> {
  readonly total: number
}

/** Measures the steps of one verification. */
export class StepTimer {
  readonly #start = performance.now()
  readonly #begun: (readonly [VerifyStep, number])[] = []

  /** Ends the step before, and begins this one. */
  begin(step: VerifyStep): void {
    this.#begun.push([step, performance.now()])
  }

  /** The times until now. */
  times(): StepTimes {
    const end = performance.now()
    const steps = this.#begun.map(([step, from], i) => [step, (this.#begun[i + 1]?.[1] ?? end) - from])
    return { ...Object.fromEntries(steps), total: end - this.#start }
  }
}
