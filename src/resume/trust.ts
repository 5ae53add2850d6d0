import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { assertDomain, assertNotRevoked } from '../capability/assertions.js'
import type { Cacao } from '../capability/cacao.js'
import { verifySignature } from '../capability/verify-signature.js'
import type { Trust } from './context.js'

/** Throws a `TypeError` unless the options contain the checks that a store needs if others can write to it. */
export function assertBelieved({ verifiers, domains }: Trust): void {
  if (!(verifiers && domains))
    throw new TypeError(
      'others can write to this store, so verifiers and domains are required: pass { store, verifiers: ethereumVerifiers(), domains: ["app.example.com"] }',
    )
}

/**
 * Makes those checks that are given. Throws unless the capability is for an accepted site (`ERR_CAPABILITY_DOMAIN`), signed
 * (`ERR_CAPABILITY_SIGNATURE`, `_UNSUPPORTED`, `_INVALID`) and not revoked (`ERR_CAPABILITY_REVOKED`, `ERR_STORE_UNAVAILABLE`).
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
 * The code with which the checks refuse a stored capability, or `undefined` if they accept it. Rejects if a check can't be made, with
 * `ERR_RPC_UNAVAILABLE` or `ERR_STORE_UNAVAILABLE`: the person shouldn't have to sign again because a service is down.
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
