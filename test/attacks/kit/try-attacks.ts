import { describe, expect, it } from 'vitest'
import { SessionError, type SessionErrorCode } from '../../../src/base/errors.js'

/**
 * The outcome of an attack: the code of the refusal; for options that would check nothing, the `TypeError` with the option that
 * it names; or whether the call returned something.
 */
type Outcome = SessionErrorCode | `TypeError: ${string}` | 'nothing' | 'accepted'

/** An attack, how it is made, and its outcome. */
export type Attack = readonly [attack: string, how: () => unknown, outcome: Outcome]

/**
 * Tries each of the attacks, in tests named by the attack and its outcome. A case in parentheses is no attack: it is accepted,
 * which shows that the others fail only because of what they change.
 */
export function tryAttacks(title: string, attacks: readonly Attack[]): void {
  describe(title, () => {
    for (const [attack, how, outcome] of attacks)
      it(`${attack}: ${inWords(outcome)}`, async () => expect(await outcomeOf(how)).toBe(outcome))
  })
}

function inWords(outcome: Outcome): string {
  if (outcome === 'nothing') return 'no result'
  return outcome.startsWith('TypeError') ? 'TypeError' : outcome
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
