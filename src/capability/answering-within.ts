import { within } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import type { Cacao } from './cacao.js'
import type { Revocation } from './check-options.js'

/** Returns the same store, except that it rejects with `ERR_STORE_UNAVAILABLE` if an answer takes longer. */
export function answeringWithin(ms: number, revocation: Revocation): Revocation {
  const ask = async (link: Cacao): Promise<{ isRevoked: boolean }> => ({
    isRevoked: await revocation.isRevoked(link),
  })
  return {
    async isRevoked(link) {
      // Wrapped in an object, because a store may also answer `undefined`, which is not a missing answer.
      const answer = await within(ms, ask(link))
      if (answer) return answer.isRevoked
      throw new SessionError(
        'ERR_STORE_UNAVAILABLE',
        `the revocation store gave no answer within ${ms} ms: check that it is running`,
      )
    },
  }
}
