import { SessionError } from '../base/errors.js'
import {
  assertValidAt,
  type Cacao,
  chainOf,
  DEFAULT_CLOCK_SKEW_SECS,
  parentOf,
  rootOf,
  startTime,
} from './cacao.js'
import { verifyDelegated } from './key-signature.js'
import { parseCacao } from './parse-cacao.js'
import { abilitiesOf } from './recap.js'

/** The options of a verifier, as in `@didtools/cacao`. */
export interface VerifierOptions {
  /** The time at which the capability must be valid; now by default. */
  atTime?: Date
  /** Seconds by which the issuer's clock may be ahead. */
  clockSkewSecs?: number
  /** Set by callers that check `exp` themselves, as `verifyCacao` does. */
  disableExpirationCheck?: boolean
}

/**
 * Verifies the account's signature of a capability, and rejects if it is not valid. The type of the capability is loose, so
 * that the verifiers of this library can be used with the `dids` package too. `verifyCacao` passes a capability that has
 * passed the guard.
 */
export type CacaoVerifier = (
  cacao: { h: object; p: object; s?: object },
  options: VerifierOptions,
) => Promise<void>

/** A verifier for each signature type, such as `eip191`. Those of the did-session family can be used too. */
export type Verifiers = Readonly<
  Record<string, CacaoVerifier | ((cacao: never, options: never) => Promise<void>)>
>

/**
 * Verifies all signatures of a capability's chain: the account's with the verifier for its type, and then the session key's of
 * each delegated capability. Rejects with `ERR_CAPABILITY_SIGNATURE`, with `ERR_CAPABILITY_UNSUPPORTED` if there is no verifier
 * for a type, or with `ERR_CAPABILITY_INVALID` if a statement does not match its ReCap. `now` is in milliseconds since 1970. With
 * `oneClickAuth`, the ReCap may be one of a one-click sign-in.
 */
export async function verifySignature(
  cacao: Cacao,
  verifiers: Verifiers,
  now: number,
  clockSkewSecs: number = DEFAULT_CLOCK_SKEW_SECS,
  oneClickAuth = false,
): Promise<void> {
  for (const link of chainOf(cacao)) {
    const parent = parentOf(link)
    // Throws unless the statement that the person read says what the ReCap grants.
    abilitiesOf(link.p, oneClickAuth)
    if (parent) await verifyDelegated(link, parent)
    else await verifyGranted(link, verifiers, now, clockSkewSecs)
  }
}

/** Whether a signature that was valid once is always valid. A contract account can change which signatures it accepts. */
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
    throw new SessionError(
      'ERR_CAPABILITY_UNSUPPORTED',
      `there is no verifier for ${cacao.s.t} signatures: add it to the option verifiers`,
    )
  }
  try {
    // Only the signature is asked about. Verifiers of the did-session family also judge the dates, in words of their own,
    // so they are told a time at which the capability has begun.
    const atTime = new Date(Math.max(now, startTime(cacao)))
    await verifier(cacao, { atTime, clockSkewSecs, disableExpirationCheck: true })
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    throw notSigned(cause)
  }
  // `eip4361` is for Ethereum accounts only, which the verifiers of the did-session family don't check.
  if (cacao.h.t === 'eip4361' && !cacao.p.iss.startsWith('did:pkh:eip155:')) throw notSigned()
}

function notSigned(cause?: unknown): SessionError {
  return new SessionError('ERR_CAPABILITY_SIGNATURE', 'the capability is not signed by its issuer', { cause })
}

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
