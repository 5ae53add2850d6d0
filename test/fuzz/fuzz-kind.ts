import type { Random } from './random.js'

/** A mutated input and what judges it. */
export interface FuzzCase {
  readonly input: unknown
  /** Gives what was accepted, in one spelling; rejects if the input is refused. */
  run(): Promise<string>
}

/** One kind of genuine thing, and the ways in which it is mutated. */
export interface FuzzKind {
  readonly name: string
  /** What may be accepted: everything that was really signed, in the spelling that `run` gives. */
  readonly genuine: ReadonlySet<string>
  /** Whether an error that is no `SessionError` refuses an input, too. */
  isRefusal?(error: unknown): boolean
  /** A genuine input as it is: it must be accepted. */
  control(random: Random): FuzzCase
  mutated(random: Random): FuzzCase
}
