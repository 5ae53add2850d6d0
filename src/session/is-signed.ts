import { SessionError } from '../base/errors.js'
import type { Cacao } from '../capability/cacao.js'
import { type Verifiers, verifySignature } from '../capability/verify-signature.js'

/**
 * Whether the account's signature over a stored capability is good. Rejects with `ERR_RPC_UNAVAILABLE` if only the
 * account's chain can say: nobody is asked to sign anew for an RPC that is down.
 */
export async function isSigned(cacao: Cacao, verifiers: Verifiers, now: number): Promise<boolean> {
  try {
    await verifySignature(cacao, verifiers, now)
    return true
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_RPC_UNAVAILABLE') throw error
    return false
  }
}
