import type { Cacao } from './cacao.js'
import { type CapabilityChecks, capabilityChecks, type VerifyCacaoOptions } from './capability-checks.js'
import { parseCacao, withRoot } from './parse-cacao.js'
import { isLasting } from './verify-signature.js'

/** A capability that was verified, and what the wallet signed. */
export interface VerifiedCacao extends Cacao {
  /**
   * The link of the chain that the wallet signed: this capability itself, unless it was delegated. Nonce, statement and
   * request id are the person's words only there. Not enumerable, as it is no member of a CACAO.
   */
  readonly root: Cacao
}

/**
 * Checks everything about a capability from outside and returns it, frozen and typed. Throws one `SessionError`
 * whose code (`ERR_CAPABILITY_…`) names the first check that failed: form, signature, delegation, issuer, audience, domain,
 * nonce, time, resources, revocation; of a contract account, the signature after the resources. Throws a `TypeError` for options that ask for
 * something else than they should.
 *
 * @example
 * const { root } = await verifyCacao(json, { verifiers: ethereumVerifiers(), domains: ['app.example.com'] })
 */
export async function verifyCacao(input: unknown, options: VerifyCacaoOptions): Promise<VerifiedCacao> {
  return verifyChecked(parseCacao(input), capabilityChecks(options))
}

/**
 * Makes the checks of what has passed the guard. The signature comes first, for without one nothing that it says counts; but
 * a contract account's chain is asked only about what would be accepted otherwise.
 */
export async function verifyChecked(
  cacao: Cacao,
  { content, signature, revocation }: CapabilityChecks,
): Promise<VerifiedCacao> {
  const first = isLasting(cacao) ? [signature, ...content] : [...content, signature]
  for (const assertion of [...first, ...revocation]) await assertion(cacao)
  return withRoot(cacao)
}
