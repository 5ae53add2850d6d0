import type { Cacao } from './cacao.js'
import { parseCacao } from './parse-cacao.js'
import { assertValidAt } from './validity.js'
import type { VerifierOptions } from './verify-signature.js'

/**
 * What a verifier of ours is handed, through the guard. Other callers than `verifyCacao`, such as the dids package, check
 * nothing first and leave the dates to the verifier.
 */
export function verifierInput(input: unknown, options: VerifierOptions | undefined): Cacao {
  const cacao = parseCacao(input)
  const { atTime = new Date(), clockSkewSecs, disableExpirationCheck } = options ?? {}
  if (disableExpirationCheck !== true) assertValidAt(cacao, atTime.getTime(), clockSkewSecs)
  return cacao
}
