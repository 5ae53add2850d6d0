import { type AccountParts, accountOfDID, parseAccount } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import type { Cacao } from '../capability/cacao.js'
import { parseDateTime } from '../capability/datetime.js'
import { verifierInput } from '../capability/verifier-input.js'
import type { VerifierOptions } from '../capability/verify-signature.js'
import { renderEthereumMessage } from './eip4361.js'

// did-session's family wrote the older field order up to this day.
const LEGACY_UNTIL = Date.UTC(2022, 8, 20)

/**
 * What an Ethereum account is said to have signed, before its signature is looked at: the capability, and the account's
 * chain (a decimal number) and address (in lower case). Throws the `ERR_CAPABILITY_…` of what is wrong with it.
 */
export function ethereumCapability(
  input: unknown,
  options: VerifierOptions | undefined,
): Pick<AccountParts, 'reference' | 'address'> & { readonly cacao: Cacao } {
  const cacao = verifierInput(input, options)
  const issuer = parseAccount(accountOfDID(cacao.p.iss) ?? '')
  if (issuer?.namespace !== 'eip155') {
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `an ${cacao.s.t} signature speaks for Ethereum accounts (did:pkh:eip155:…) only`,
    )
  }
  if (cacao.s.m) {
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      `malformed capability: s.m must be absent beside an ${cacao.s.t} signature`,
    )
  }
  const { reference, address } = issuer
  return { cacao, reference, address }
}

/** The texts that may have been signed: as it is written today first, then as older software wrote it. */
export function* renderings({ p }: Cacao): Generator<string> {
  yield renderEthereumMessage(p)
  if (p.statement === undefined) yield renderEthereumMessage(p, { layout: 'did-session' })
  const address = p.iss.slice(p.iss.lastIndexOf(':') + 1)
  yield renderEthereumMessage(p, { layout: 'did-session', address })
  if ((parseDateTime(p.iat) ?? Number.POSITIVE_INFINITY) <= LEGACY_UNTIL) {
    yield renderEthereumMessage(p, { layout: 'did-session-2022', address })
  }
}
