import { accountOfDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'

/** CACAO header: the format of the signed text. `eip4361` is an older name for the format of Ethereum accounts. */
export interface CacaoHeader {
  readonly t: 'eip4361' | 'caip122'
}

/** CACAO payload (CAIP-74). Times are RFC 3339 date-times. */
export interface CacaoPayload {
  /** The site that asked for the signature: an RFC 3986 authority, with its port. */
  readonly domain: string
  /** The issuer: the account's DID; in a delegated capability, the DID of the session key that delegated it. */
  readonly iss: string
  /** The audience: the did:key of the session key that may use the capability, as a URI. */
  readonly aud: string
  readonly version: string
  readonly nonce: string
  /** Issued at. */
  readonly iat: string
  /** Not before. */
  readonly nbf?: string
  /** Expires at. Without it, the capability never expires. */
  readonly exp?: string
  readonly statement?: string
  readonly requestId?: string
  /** What the audience may do. The array is frozen; it has a mutable type, because @didtools/cacao has that type. */
  readonly resources?: string[]
}

/** CACAO signature: its type, the signature in the encoding of that type, and metadata. */
export interface CacaoSignature {
  readonly t: string
  readonly s: string | Uint8Array<ArrayBuffer>
  readonly m?: {
    /** The authenticator data and client data that a passkey signed, as CBOR. */
    readonly aad?: Uint8Array<ArrayBuffer>
    /** The capability that this one was delegated from, if a session key signed it (types `key:…`). */
    readonly parent?: Cacao
  }
}

/**
 * A chain-agnostic capability object (CAIP-74), signed by the account in `p.iss` for the key in `p.aud`. CAIP-74 does
 * not define delegation. In this library, the key in `p.aud` may sign a narrower capability, whose `s.m.parent` is the
 * original capability.
 */
export interface Cacao {
  readonly h: CacaoHeader
  readonly p: CacaoPayload
  readonly s: CacaoSignature
}

/** A capability before it is signed. */
export type UnsignedCacao = Omit<Cacao, 's'>

/**
 * The account that granted the capability or, if it was delegated, the root of its chain: a CAIP-10 id, or a did:key.
 * Throws `ERR_CAPABILITY_INVALID` if the issuer is neither.
 */
export function issuerAccount(cacao: Cacao): string {
  const account = accountOfDID(rootOf(cacao).p.iss)
  if (account === undefined) throw invalid('p.iss', 'a did:pkh or did:key')
  return account
}

/** The capability that this one was delegated from; `undefined` if an account granted it. */
export function parentOf({ s }: Cacao): Cacao | undefined {
  return s.m?.parent
}

/** The chain of the capability: from its root, through the capabilities between, to the capability itself. */
export function chainOf(cacao: Cacao): Cacao[] {
  const parent = parentOf(cacao)
  return parent ? [...chainOf(parent), cacao] : [cacao]
}

/** The root of the capability's chain: the capability that the account granted. */
export function rootOf(cacao: Cacao): Cacao {
  const parent = parentOf(cacao)
  return parent ? rootOf(parent) : cacao
}

/** Whether the signature has metadata. An empty map, which CAIP-74 allows, counts as no metadata. */
export function hasMetadata({ s }: Cacao): boolean {
  return s.m !== undefined && Object.keys(s.m).length > 0
}

/**
 * Whether a signature type belongs to passkeys. A passkey does not sign `p.iss`, so its signature is valid for two
 * issuers.
 */
export function isPasskeyType(type: string): boolean {
  return type.startsWith('webauthn:')
}

const RFC3339 =
  /^(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3])(?::[0-5]\d){2})(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/

// The times of a capability are read again and again, and parsing a date-time takes longer than a lookup.
const instants = new Map<string, number>()
const MOST_INSTANTS = 100
const LONGEST_KNOWN = 40

/**
 * The instant of an RFC 3339 date-time, in milliseconds since 1970; `undefined` for any other text. A leap second
 * (`:60`) has no instant in JavaScript and is refused.
 */
export function parseDateTime(text: string): number | undefined {
  const known = instants.get(text)
  if (known !== undefined) return known
  const match = RFC3339.exec(text)
  if (!match) return undefined
  const [, date = '', time, fraction = '', sign, hours = 0, minutes = 0] = match
  const local = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
  // `Date.parse` may read 31 February as 3 March. This also refuses NaN.
  if (new Date(local).getUTCDate() !== Number(date.slice(8))) return undefined
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  const instant = sign === '-' ? local + offset : local - offset
  if (instants.size >= MOST_INSTANTS) instants.clear()
  if (text.length <= LONGEST_KNOWN) instants.set(text, instant)
  return instant
}

/** Seconds by which the clock of another machine may be ahead. Applies to `iat` and `nbf`; `exp` is exact. */
export const DEFAULT_CLOCK_SKEW_SECS = 300

/** Whether a capability may be used at a given time. */
export type Validity = 'valid' | 'expired' | 'not-yet-valid'

/** When the capability expires, in milliseconds since 1970; `Infinity` without `exp`. */
export function expiryTime({ p }: Pick<Cacao, 'p'>): number {
  return p.exp === undefined ? Number.POSITIVE_INFINITY : instant(p.exp)
}

/** When the capability expires; `undefined` without `exp`. */
export function expiresAt(cacao: Cacao): Date | undefined {
  const time = expiryTime(cacao)
  return time === Number.POSITIVE_INFINITY ? undefined : new Date(time)
}

/** When the capability becomes valid, in milliseconds since 1970: at the later of `iat` and `nbf`. */
export function startTime({ p: { iat, nbf = iat } }: Pick<Cacao, 'p'>): number {
  return Math.max(instant(iat), instant(nbf))
}

/**
 * Whether the capability is valid at `now` (milliseconds since 1970). `clockSkewSecs` applies to `iat` and `nbf` only.
 */
export function validityAt(
  cacao: Pick<Cacao, 'p'>,
  now: number,
  clockSkewSecs: number = DEFAULT_CLOCK_SKEW_SECS,
): Validity {
  // Negated, so that no capability is valid if the clock returns NaN.
  if (!(now < expiryTime(cacao))) return 'expired'
  return startTime(cacao) <= now + clockSkewSecs * 1000 ? 'valid' : 'not-yet-valid'
}

/**
 * Throws `ERR_CAPABILITY_EXPIRED` or `ERR_CAPABILITY_NOT_YET_VALID` unless the capability is valid at `now`
 * (milliseconds since 1970).
 */
export function assertValidAt(cacao: Pick<Cacao, 'p'>, now: number, clockSkewSecs?: number): void {
  const validity = validityAt(cacao, now, clockSkewSecs)
  if (validity === 'expired') {
    throw new SessionError(
      'ERR_CAPABILITY_EXPIRED',
      `the capability expired at ${cacao.p.exp ?? 'an unknown time'}: sign in again`,
    )
  }
  if (validity === 'not-yet-valid') {
    throw new SessionError(
      'ERR_CAPABILITY_NOT_YET_VALID',
      `the capability is valid only from ${cacao.p.nbf ?? cacao.p.iat} on: check the clock of this machine`,
    )
  }
}

// The guard accepts only dates that can be parsed. NaN would make the capability neither valid nor expired, so it is
// refused.
function instant(dateTime: string): number {
  return parseDateTime(dateTime) ?? Number.NaN
}

/** The `ERR_CAPABILITY_INVALID` for a value at this path that does not have the required form. */
export function invalid(path: string, form: string): SessionError {
  return new SessionError('ERR_CAPABILITY_INVALID', `malformed capability: ${path} must be ${form}`)
}
