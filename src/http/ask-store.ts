import { SessionError } from '../base/errors.js'
import { within } from '../base/time.js'

/** Asks a store a question that it answers with yes or no. Rejects with `ERR_STORE_UNAVAILABLE` if it doesn't. */
export type AskStore = (question: () => boolean | Promise<boolean>) => Promise<boolean>

/**
 * Asks stores, and waits `timeoutMs` milliseconds for each answer. A store that throws, rejects, is late, or answers
 * anything other than `true` or `false` counts as unavailable.
 */
export function storeAsker(timeoutMs: number): AskStore {
  return async (question) => {
    let answer: unknown
    let cause: unknown
    try {
      const asked = question()
      answer = typeof asked === 'boolean' ? asked : await within(timeoutMs, asked)
    } catch (error) {
      cause = error
    }
    if (typeof answer === 'boolean') return answer
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      `the replay or revocation store gave no answer within ${timeoutMs} ms: check that it is running`,
      cause === undefined ? undefined : { cause },
    )
  }
}
