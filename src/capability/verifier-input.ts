import type { Cacao } from './cacao.js'
import { parseCacao } from './parse-cacao.js'
import { assertValidAt } from './validity.js'
import type { VerifierOptions } from './verify-signature.js'

/**
 * The input of a verifier after the guard. `verifyCacao` has made all other checks, but other callers, such as the dids package,
 * leave the dates to the verifier: they are checked here unless `disableExpirationCheck` is set. Throws `ERR_CAPABILITY_INVALID`,
 * `_EXPIRED` or `_NOT_YET_VALID`.
 */
export function verifierInput(input: unknown, options: VerifierOptions | undefined): Cacao {
  const cacao = parseCacao(input)
  const { atTime = new Date(), clockSkewSecs, disableExpirationCheck } = options ?? {}
  if (disableExpirationCheck !== true) assertValidAt(cacao, atTime.getTime(), clockSkewSecs)
  return cacao
}
