import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { assertDomain, assertNotRevoked } from '../capability/assertions.js'
import type { Cacao } from '../capability/cacao.js'
import { verifySignature } from '../capability/verify-signature.js'
import type { Trust } from './context.js'

/** Throws a `TypeError` unless the options say whose signatures and which sites are believed of what others can write. */
export function assertBelieved({ verifiers, domains }: Trust): void {
  if (!(verifiers && domains))
    throw new TypeError(
      'others can write into this store: verifiers and domains must say what is believed: { store, verifiers: ethereumVerifiers(), domains: ["app.example.com"] }',
    )
}

/**
 * Throws unless the capability is of an accepted site (`ERR_CAPABILITY_DOMAIN`), signed (`_SIGNATURE`, `_UNSUPPORTED`,
 * `_INVALID`) and not revoked (`_REVOKED`), as far as that is asked for.
 */
export async function assertTrusted(
  cacao: Cacao,
  { verifiers, domains, revocation }: Trust,
  now: number,
): Promise<void> {
  if (domains) await assertDomain(cacao, domains)
  if (verifiers) await verifySignature(cacao, verifiers, now)
  if (revocation) await assertNotRevoked(cacao, revocation)
}

/**
 * The code with which a stored capability is refused; `undefined` if it is not. Rejects where nobody can tell: with
 * `ERR_RPC_UNAVAILABLE`, or what a store of revocations says. Nobody is asked to sign anew for what is only down.
 */
export async function trustRefusal(
  cacao: Cacao,
  checks: Trust,
  now: number,
): Promise<SessionErrorCode | undefined> {
  try {
    await assertTrusted(cacao, checks, now)
    return undefined
  } catch (error) {
    if (error instanceof SessionError && /^ERR_(?:CAPABILITY|KEY)_/.test(error.code)) return error.code
    throw error
  }
}
