import { describe, expect, it } from 'vitest'
import { SessionError, type SessionErrorCode } from '../../../src/base/errors.js'

/**
 * What became of an attack: the code with which it was refused; for options that ask for nothing that can be checked, the
 * `TypeError` and the option that it names; or what it was answered.
 */
type Outcome = SessionErrorCode | `TypeError: ${string}` | 'nothing' | 'accepted'

/** An attack, how it is made, and what becomes of it. */
export type Attack = readonly [attack: string, how: () => unknown, outcome: Outcome]

/** Tries each of the attacks; where the outcome is `accepted`, it is none, and shows that the others are tried on what is good. */
export function tried(door: string, attacks: readonly Attack[]): void {
  describe(door, () => {
    it.each(attacks)('%s', async (_, how, outcome) => expect(await outcomeOf(how)).toBe(outcome))
  })
}

async function outcomeOf(how: () => unknown): Promise<Outcome | string> {
  try {
    const answer = await how()
    return answer === undefined || answer === false ? 'nothing' : 'accepted'
  } catch (error) {
    if (error instanceof SessionError) return error.code
    if (error instanceof TypeError) return `TypeError: ${optionIn(error.message)}`
    return String(error)
  }
}

// "there is no option "x" here", "x must be …", "x.y is empty, …"
function optionIn(message: string): string {
  return /^(?:there is no option "(\w+)"|([\w.]+) )/.exec(message)?.slice(1).find(Boolean) ?? message
}
