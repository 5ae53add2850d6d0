import { utf8 } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import { knownKey } from '../key/did-key.js'
import type { KeyType, SessionKey } from '../key/session-key.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'
import {
  assertValidAt,
  type Cacao,
  type CacaoPayload,
  chainOf,
  DEFAULT_CLOCK_SKEW_SECS,
  expiryTime,
  parentOf,
  rootOf,
  startTime,
} from './cacao.js'
import { nativeIdentity } from './cid.js'
import { renderMessage } from './message.js'
import { parseCacao, parsePayload } from './parse-cacao.js'
import { abilitiesOf } from './recap.js'

/** The options of a verifier, with the names of `@didtools/cacao`. */
export interface VerifierOptions {
  /** The time at which the capability must be valid; now by default. */
  atTime?: Date
  /** Seconds by which the issuer's clock may be ahead; 300 by default. */
  clockSkewSecs?: number
  /** Seconds after its expiry in which a capability is still accepted; 0 by default. */
  revocationPhaseOutSecs?: number
  /** Set to `true` by callers that check the dates themselves, as `verifyCacao` does. */
  disableExpirationCheck?: boolean
}

/**
 * Verifies the account's signature of a capability, and rejects if it is not valid. If it resolves with anything but
 * `undefined` or `true`, such as `false`, the signature counts as invalid. The type of the capability is
 * loose, so that the verifiers of this library can also be used with the `dids` package. `verifyCacao` passes a parsed
 * `Cacao`.
 */
export type CacaoVerifier = (
  cacao: { h: object; p: object; s?: object },
  options: VerifierOptions,
) => Promise<void>

/** A verifier for each signature type, such as `eip191`. The verifiers of the did-session family can be used too. */
export type Verifiers = Readonly<
  Record<string, CacaoVerifier | ((cacao: never, options: never) => Promise<void>)>
>

/**
 * Verifies all signatures in a capability's chain: the account's signature with the verifier for its type, then the
 * session key's signature of each delegated capability. Rejects with `ERR_CAPABILITY_SIGNATURE`, with
 * `ERR_CAPABILITY_UNSUPPORTED` if there is no verifier for the signature type, with `ERR_CAPABILITY_INVALID` if a
 * statement does not match its ReCap, or with another `SessionError` of the verifier, such as `ERR_RPC_UNAVAILABLE`.
 * `now` is in milliseconds since 1970. With `oneClickAuth`, the ReCap may be that of a one-click sign-in.
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
    // Throws unless the statement, which the person read, describes what the ReCap grants.
    abilitiesOf(link.p, oneClickAuth)
    if (parent) await verifyDelegated(link, parent)
    else await verifyGranted(link, verifiers, now, clockSkewSecs)
  }
}

/**
 * Whether a signature that was valid once stays valid. A contract account (EIP-1271) can change which signatures it
 * accepts.
 */
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
  let answer: unknown
  try {
    // Only the signature is verified here. Verifiers of the did-session family also check the dates, but with other
    // errors, so they get a time at which the capability has started.
    const atTime = new Date(Math.max(now, startTime(cacao)))
    answer = await verifier(cacao, { atTime, clockSkewSecs, disableExpirationCheck: true })
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    throw notSigned(cause)
  }
  // A verifier answers nothing. One that answers `false` instead of rejecting must not be taken for one that agrees.
  if (answer !== undefined && answer !== true) throw notSigned()
  // `eip4361` is only for Ethereum accounts. The verifiers of the did-session family don't check that.
  if (cacao.h.t === 'eip4361' && !cacao.p.iss.startsWith('did:pkh:eip155:')) throw notSigned()
}

function notSigned(cause?: unknown): SessionError {
  return new SessionError('ERR_CAPABILITY_SIGNATURE', 'the capability is not signed by its issuer', { cause })
}

/**
 * Parses the input of a verifier. `verifyCacao` checks the dates itself, but other callers, such as the dids package,
 * leave that to the verifier, so they are checked here unless `disableExpirationCheck` is `true`. Throws
 * `ERR_CAPABILITY_EXPIRED`, `_NOT_YET_VALID`, or as `parseCacao` does.
 */
export function verifierInput(input: unknown, options: VerifierOptions | undefined): Cacao {
  const cacao = parseCacao(input)
  const { atTime = new Date(), clockSkewSecs, revocationPhaseOutSecs, disableExpirationCheck } = options ?? {}
  if (disableExpirationCheck !== true)
    assertValidAt(cacao, phaseOutTime(cacao, atTime.getTime(), revocationPhaseOutSecs), clockSkewSecs)
  return cacao
}

/**
 * The time for which a capability is verified at `time` (milliseconds since 1970): during the `phaseOutSecs` after its
 * expiry, it is just before the expiry.
 */
export function phaseOutTime(cacao: Cacao, time: number, phaseOutSecs = 0): number {
  const end = expiryTime(cacao)
  const after = time - end
  return after >= 0 && after < phaseOutSecs * 1000 ? end - 1 : time
}

// Capabilities whose issuer is a did:key, signed by that key.

const KEY_TYPES = new Map<string, KeyType>([
  ['key:p256', 'P-256'],
  ['key:ed25519', 'Ed25519'],
  // Only accounts have keys of this type, never sessions.
  ['key:secp256k1', 'secp256k1'],
])
// As in ERC-4361. `parseCacao` accepts other characters for passkeys, but a did:key signs a text.
const KEY_NONCE = /^[A-Za-z0-9]+$/

/**
 * The text (CAIP-122) of a payload whose issuer is a did:key, with that DID as the address. Signed requests and JWS
 * begin differently, so the key's signature of a request or JWS is never valid for a capability. Throws
 * `ERR_CAPABILITY_INVALID` for a nonce with characters other than letters and digits.
 */
export function renderKeyMessage({ iss, ...rest }: CacaoPayload): string {
  if (!KEY_NONCE.test(rest.nonce))
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      'malformed capability: p.nonce must be letters and digits, because a did:key signs it',
    )
  return renderMessage({ ...rest, chainName: 'Key', address: iss, chainId: 'did:key' })
}

/** The signature type (`key:…`) for a type of key. */
export function keySignatureType(type: KeyType): string | undefined {
  return [...KEY_TYPES].find(([, known]) => known === type)?.[0]
}

/**
 * Delegates a capability: the parent's audience, a session key, signs a payload whose `requestId` is the parent's
 * identity. Rejects as `parseCacao` throws if the new capability would exceed the parent.
 */
export async function signDelegated(
  key: SessionKey,
  payload: Omit<CacaoPayload, 'iss' | 'domain' | 'requestId'>,
  parent: Cacao,
): Promise<Cacao> {
  const { domain } = parent.p
  const p = parsePayload({ ...payload, domain, iss: key.did, requestId: await nativeIdentity(parent) })
  const s = toBase64url(await key.sign(utf8(renderKeyMessage(p))))
  const t = keySignatureType(key.type)
  return parseCacao({ h: { t: 'caip122' }, p, s: { t, s, m: { parent } } })
}

/**
 * Checks that a delegated capability was signed by its issuer, and that it was delegated from exactly this parent.
 * Rejects with `ERR_CAPABILITY_SIGNATURE`, or with `ERR_CAPABILITY_UNSUPPORTED` for a signature type other than
 * `key:…`.
 */
async function verifyDelegated(cacao: Cacao, parent: Cacao): Promise<void> {
  if (cacao.p.requestId !== (await nativeIdentity(parent)))
    throw refusedBecause('p.requestId is not the identity of the parent in s.m.parent')
  await verifyKeySigned(cacao)
}

/**
 * Checks that a capability was signed by its issuer, a did:key. Rejects with `ERR_CAPABILITY_SIGNATURE`, or with
 * `ERR_CAPABILITY_UNSUPPORTED` for a signature type other than `key:…`.
 */
export async function verifyKeySigned(
  { h, p, s }: Cacao,
  verify: VerifyKeySignature = verifyKeySignature,
): Promise<void> {
  const type = KEY_TYPES.get(s.t)
  if (type === undefined)
    throw new SessionError(
      'ERR_CAPABILITY_UNSUPPORTED',
      `signatures of type ${s.t.slice(0, 40)} can't be verified here: only those of a did:key can`,
    )
  const key = knownKey(p.iss)
  if (key?.type !== type || h.t !== 'caip122')
    throw refusedBecause(`its issuer can't make signatures of type ${s.t} in the format ${h.t}`)
  const signature = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  if (!signature || !(await verify(key, signature, utf8(renderKeyMessage(p)))))
    throw refusedBecause(`it is not signed by ${p.iss}`)
}

function refusedBecause(why: string): SessionError {
  return new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is refused: ${why}`)
}
