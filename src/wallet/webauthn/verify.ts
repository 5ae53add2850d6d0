import { sha256 } from '@noble/hashes/sha2.js'
import { fromUtf8, utf8 } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { fromBase64url, toBase64url } from '../../base/multibase.js'
import type { Cacao } from '../../capability/cacao.js'
import { cidOf, decodeAAD, type SignedData, signedBytes } from '../../capability/cid.js'
import { type VerifierOptions, verifierInput } from '../../capability/verify-signature.js'
import { knownKey } from '../../key/did-key.js'
import { rawOfDER } from '../../key/ecdsa.js'
import { verifyKeySignature } from '../../key/verify.js'

/** The signature type of a capability that a passkey signed. */
export const WEBAUTHN_TYPE = 'webauthn:p256'

const MAX_HOSTNAME_LENGTH = 253

// The length of the RP ID hash, the flags and the signature counter.
const AUTH_DATA_LENGTH = 37
const [USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS] = [1, 4, 8, 16, 64, 128]
const CBOR_MAP = 5

/** Which passkeys are accepted; see `WebAuthnVerifierOptions`. */
export interface WebAuthnPolicy {
  readonly origins: readonly string[]
  readonly rpIds: readonly string[]
  readonly requireUserVerification: boolean
}

/**
 * Verifies the assertion of a passkey over a capability. Throws `ERR_CAPABILITY_ISSUER`,
 * `ERR_CAPABILITY_INVALID`, `ERR_CAPABILITY_SIGNATURE` or `ERR_CAPABILITY_DOMAIN`.
 */
export async function verifyWebAuthn(
  input: unknown,
  options: VerifierOptions | undefined,
  policy: WebAuthnPolicy,
): Promise<void> {
  const cacao = verifierInput(input, options)
  const { p, s } = cacao
  if (knownKey(p.iss)?.type !== 'P-256')
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      'the issuer of a capability that a passkey signed must be a did:key of P-256 (did:key:zDn…)',
    )
  const signed = s.m?.aad && decodeAAD(s.m.aad)
  const der = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  const signature = der && rawOfDER(der)
  if (s.t !== WEBAUTHN_TYPE || cacao.h.t !== 'caip122' || !signed || !signature)
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      'malformed capability: h.t, s.s and s.m.aad must have the format of @didtools/key-webauthn',
    )
  const { type, challenge } = parseClientData(signed.clientDataJSON)
  if (type !== 'webauthn.get' || challenge !== toBase64url(challengeOf(cacao)))
    throw passkeyRefused('SIGNATURE', 'the passkey signed the challenge of a different capability')
  if (!(await isAssertedBy(p.iss, signed, signature)))
    throw passkeyRefused('SIGNATURE', `it is not signed by ${p.iss}`)
  assertSite(p.domain, signed, policy)
  assertUser(signed, policy)
}

/**
 * Returns the challenge that a passkey signs for a capability: its CID without the signature and without the
 * issuer, which is only known from the signature.
 */
export function challengeOf({ h, p }: Pick<Cacao, 'h'> & { readonly p: object }): Uint8Array<ArrayBuffer> {
  return new Uint8Array(cidOf({ h, p: { ...p, iss: undefined } }).bytes)
}

/** Whether the key of a did:key signed the assertion. */
export async function isAssertedBy(did: string, signed: SignedData, signature: Uint8Array): Promise<boolean> {
  const key = knownKey(did)
  return key?.type === 'P-256' && verifyKeySignature(key, signature, signedBytes(signed))
}

function assertSite(domain: string, signed: SignedData, { origins, rpIds }: WebAuthnPolicy): void {
  const { origin, crossOrigin = false, topOrigin } = parseClientData(signed.clientDataJSON)
  if (typeof origin !== 'string' || !(isOriginOf(origin, domain) || origins.includes(origin)))
    throw passkeyRefused('DOMAIN', `the passkey signed on ${quoted(origin)}, not on ${domain}`)
  if (crossOrigin !== false || topOrigin !== undefined)
    throw passkeyRefused('DOMAIN', "the passkey signed in a frame of a different site's page")
  const hash = toBase64url(signed.authData.subarray(0, 32))
  if (![...hostAndParents(hostnameOf(domain)), ...rpIds].some((id) => toBase64url(sha256(utf8(id))) === hash))
    throw passkeyRefused('DOMAIN', `the passkey was not created for ${domain}`)
}

// Browsers ensure that a site uses no public suffix as its RP ID. A name without a dot is only accepted as
// the host's own name.
function hostAndParents(hostname = ''): string[] {
  // No host name in DNS is longer, and every name in the result is hashed.
  if (hostname.length > MAX_HOSTNAME_LENGTH) return []
  const labels = hostname.split('.')
  return labels.map((_, i) => labels.slice(i).join('.')).filter((name, i) => i === 0 || name.includes('.'))
}

function assertUser({ authData }: SignedData, { requireUserVerification }: WebAuthnPolicy): void {
  const data = parseAuthenticatorData(authData)
  if (!data) throw passkeyRefused('SIGNATURE', 'its authenticator data are inconsistent')
  if (!data.isUserPresent)
    throw passkeyRefused('SIGNATURE', 'the passkey signed without a person being present (UP)')
  if (requireUserVerification && !data.isUserVerified)
    throw passkeyRefused('SIGNATURE', 'the passkey did not verify the person (UV)')
}

/** The flags in the authenticator data of an assertion (WebAuthn Level 3, section 6.1). */
interface AuthenticatorData {
  /** UP: a person was present. */
  readonly isUserPresent: boolean
  /** UV: the authenticator verified the person by a fingerprint, a face or a PIN. */
  readonly isUserVerified: boolean
}

/**
 * Parses the authenticator data of an assertion. Returns `undefined` if they are inconsistent: extension data
 * without the flag for it or the flag without data, credential data (which only registrations have), or a
 * credential that is backed up although it may not be.
 */
function parseAuthenticatorData(authData: Uint8Array): AuthenticatorData | undefined {
  const [flags = 0, extensions = 0] = [authData[32], authData[AUTH_DATA_LENGTH]]
  const has = (flag: number): boolean => (flags & flag) !== 0
  if (authData.length < AUTH_DATA_LENGTH || has(ATTESTED)) return undefined
  if (has(EXTENSIONS) ? extensions >> 5 !== CBOR_MAP : authData.length > AUTH_DATA_LENGTH) return undefined
  if (has(BACKED_UP) && !has(BACKUP_ELIGIBLE)) return undefined
  return {
    isUserPresent: has(USER_PRESENT),
    isUserVerified: has(USER_VERIFIED),
  }
}

function quoted(origin: unknown): string {
  return typeof origin === 'string' ? JSON.stringify(origin.slice(0, 100)) : 'no origin'
}

function passkeyRefused(code: 'SIGNATURE' | 'DOMAIN', why: string): SessionError {
  return new SessionError(`ERR_CAPABILITY_${code}`, `the capability is refused: ${why}`)
}

/**
 * The members of `clientDataJSON` that a browser reports about an assertion (WebAuthn Level 3, section
 * 5.8.1). They are not checked yet.
 */
export interface ClientData {
  readonly type?: unknown
  /** In base64url. */
  readonly challenge?: unknown
  readonly origin?: unknown
  readonly crossOrigin?: unknown
  readonly topOrigin?: unknown
}

/** Parses a `clientDataJSON`. Returns an empty object if it is not a JSON object in UTF-8. */
export function parseClientData(clientDataJSON: Uint8Array): ClientData {
  try {
    const data: unknown = JSON.parse(fromUtf8(clientDataJSON) ?? '')
    return typeof data === 'object' && data !== null ? data : {}
  } catch {
    return {}
  }
}

/** Whether an origin (`https://host`) is that of a domain (an RFC 3986 authority, with its port). */
function isOriginOf(origin: string, domain: string): boolean {
  // Browsers only offer passkeys on https, and on http for localhost.
  if (origin === `https://${domain}`) return true
  return origin === `http://${domain}` && /^([^.@/?#]+\.)*localhost(:\d+)?$/.test(domain)
}

/**
 * Returns the host name of a domain (an RFC 3986 authority), in lower case; `undefined` if it is malformed.
 */
function hostnameOf(domain: string): string | undefined {
  try {
    return new URL(`https://${domain}`).hostname
  } catch {
    return undefined
  }
}
