import type { Cacao } from './cacao.js'
import { type CapabilityChecks, capabilityChecks, type VerifyCacaoOptions } from './capability-checks.js'
import { parseCacao, withRoot } from './parse-cacao.js'
import { isLasting } from './verify-signature.js'

/** A capability that was verified. */
export interface VerifiedCacao extends Cacao {
  /**
   * The capability that the wallet signed: this one, unless it was delegated. Only in this one did the person see and sign the
   * nonce, the statement and the request id. Not enumerable, because a CACAO has no such member.
   */
  readonly root: Cacao
}

/**
 * Verifies a capability from outside and returns it, frozen and typed. Rejects with a `SessionError` whose code
 * (`ERR_CAPABILITY_…`) names the first check that failed, in this order: form, signature, delegation, issuer, audience, domain,
 * nonce, time, resources, ability, revocation. The signature of a contract account is verified after the ability. Rejects with
 * a `TypeError` for a wrong option.
 *
 * @example
 * const { root } = await verifyCacao(json, { verifiers: ethereumVerifiers(), domains: ['app.example.com'] })
 */
export async function verifyCacao(input: unknown, options: VerifyCacaoOptions): Promise<VerifiedCacao> {
  return verifyChecked(parseCacao(input), capabilityChecks(options))
}

/**
 * Makes the checks of a capability that has passed the guard. The signature comes first, because without it nothing in the
 * capability can be trusted. For a contract account it comes after the content, so that the chain is not asked in vain.
 */
export async function verifyChecked(
  cacao: Cacao,
  { content, signature, revocation }: CapabilityChecks,
): Promise<VerifiedCacao> {
  const first = isLasting(cacao) ? [signature, ...content] : [...content, signature]
  for (const assertion of [...first, ...revocation]) await assertion(cacao)
  return withRoot(cacao)
}
