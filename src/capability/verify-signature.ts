import { SessionError } from '../base/errors.js'
import type { Cacao } from './cacao.js'
import { chainOf, parentOf, rootOf } from './cacao.js'
import { verifyDelegated } from './key-signature.js'
import { abilitiesOf } from './recap.js'
import { DEFAULT_CLOCK_SKEW_SECS } from './validity.js'

/** When a verifier is to judge; the shape of `@didtools/cacao`. */
export interface VerifierOptions {
  atTime?: Date
  clockSkewSecs?: number
  /** Set by callers that check `exp` themselves, as `verifyCacao` does. */
  disableExpirationCheck?: boolean
}

/**
 * Checks the account's signature over a capability; throws if it is not good. Takes any look-alike, so that ours
 * serve the `dids` package too; `verifyCacao` hands it what has passed the guard.
 */
export type CacaoVerifier = (
  cacao: { h: object; p: object; s?: object },
  options: VerifierOptions,
) => Promise<void>

/** A verifier for each signature type, such as `eip191`. Those of the did-session family fit too. */
export type Verifiers = Readonly<
  Record<string, CacaoVerifier | ((cacao: never, options: never) => Promise<void>)>
>

/**
 * Checks the account's signature with its type's verifier, and then of each capability delegated from there the session
 * key's. Throws `ERR_CAPABILITY_SIGNATURE`, `ERR_CAPABILITY_UNSUPPORTED` if there is no verifier for a type, or
 * `ERR_CAPABILITY_INVALID` if what was signed says other words than its ReCap.
 */
export async function verifySignature(
  cacao: Cacao,
  verifiers: Verifiers,
  now: number,
  clockSkewSecs: number = DEFAULT_CLOCK_SKEW_SECS,
): Promise<void> {
  for (const link of chainOf(cacao)) {
    const parent = parentOf(link)
    // What the person read must be what was granted.
    abilitiesOf(link.p)
    if (parent) await verifyDelegated(link, parent)
    else await verifyGranted(link, verifiers, now, clockSkewSecs)
  }
}

/** Whether a signature that was good once stays so. A contract account may change its mind. */
export function isLasting(cacao: Cacao): boolean {
  return rootOf(cacao).s.t !== 'eip1271'
}

async function verifyGranted(
  cacao: Cacao,
  verifiers: Verifiers,
  now: number,
  clockSkewSecs: number,
): Promise<void> {
  const verifier = Object.hasOwn(verifiers, cacao.s.t)
    ? (verifiers[cacao.s.t] as CacaoVerifier | undefined)
    : undefined
  if (typeof verifier !== 'function') {
    throw new SessionError('ERR_CAPABILITY_UNSUPPORTED', `no verifier for ${cacao.s.t} signatures was given`)
  }
  try {
    await verifier(cacao, { atTime: new Date(now), clockSkewSecs, disableExpirationCheck: true })
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    throw notSigned(cause)
  }
  // Verifiers of the did-session family don't look; it is Ethereum's older word.
  if (cacao.h.t === 'eip4361' && !cacao.p.iss.startsWith('did:pkh:eip155:')) throw notSigned()
}

function notSigned(cause?: unknown): SessionError {
  return new SessionError('ERR_CAPABILITY_SIGNATURE', 'the capability is not signed by its issuer', { cause })
}
