import type { Random } from './random.js'

/** A mutated input and the function that verifies it. */
export interface FuzzCase {
  readonly input: unknown
  /** Resolves with what was accepted, in a canonical form; rejects if the input is refused. */
  run(): Promise<string>
}

/** One kind of genuine input, and the ways in which it is mutated. */
export interface FuzzKind {
  readonly name: string
  /** What may be accepted: everything that was really signed, in the form that `run` returns. */
  readonly genuine: ReadonlySet<string>
  /** Whether other errors than a `SessionError` count as a refusal too. */
  isRefusal?(error: unknown): boolean
  /** A genuine input, unchanged: it must be accepted. */
  control(random: Random): FuzzCase
  mutated(random: Random): FuzzCase
}
