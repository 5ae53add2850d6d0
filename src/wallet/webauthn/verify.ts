import { sha256 } from '@noble/hashes/sha2.js'
import { fromBase64url, toBase64url } from '../../base/base64.js'
import { SessionError } from '../../base/errors.js'
import { utf8 } from '../../base/utf8.js'
import type { Cacao } from '../../capability/cacao.js'
import { cidOf } from '../../capability/cid.js'
import { verifierInput } from '../../capability/verifier-input.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { decodeAAD, type SignedData, signedBytes } from '../../capability/webauthn-aad.js'
import { rawOfDER } from '../../key/ecdsa.js'
import { knownKey } from '../../key/parse-did-key.js'
import { verifyKeySignature } from '../../key/verify.js'
import { hostnameOf, isOriginOf, parseClientData } from './client-data.js'

/** What an authenticator says of an assertion in its `authData` (WebAuthn Level 3, 6.1). */
interface AuthenticatorData {
  /** Somebody was there (UP). */
  readonly isUserPresent: boolean
  /** It was the person that the authenticator knows (UV): by a fingerprint, a face, a PIN. */
  readonly isUserVerified: boolean
}

// The hash, the flags and the signature counter.
const LENGTH = 37
const [USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS] = [1, 4, 8, 16, 64, 128]
const CBOR_MAP = 5

/**
 * Reads the authenticator data of an assertion; `undefined` if it contradicts itself: extension data without their flag, a
 * flag without data, a new credential (which only registrations have), or backed up but not able to be.
 */
function parseAuthenticatorData(authData: Uint8Array): AuthenticatorData | undefined {
  const [flags = 0, extensions = 0] = [authData[32], authData[LENGTH]]
  const has = (flag: number): boolean => (flags & flag) !== 0
  if (authData.length < LENGTH || has(ATTESTED)) return undefined
  if (has(EXTENSIONS) ? extensions >> 5 !== CBOR_MAP : authData.length > LENGTH) return undefined
  if (has(BACKED_UP) && !has(BACKUP_ELIGIBLE)) return undefined
  return {
    isUserPresent: has(USER_PRESENT),
    isUserVerified: has(USER_VERIFIED),
  }
}

/** The signature type of a passkey's capability. */
export const WEBAUTHN_TYPE = 'webauthn:p256'

/** What is accepted of passkeys. */
export interface WebAuthnRules {
  readonly origins: readonly string[]
  readonly rpIds: readonly string[]
  readonly requireUserVerification: boolean
}

const MAX_HOSTNAME_LENGTH = 253

/** Checks a passkey's assertion over a capability. */
export async function verifyWebAuthn(
  input: unknown,
  options: VerifierOptions | undefined,
  rules: WebAuthnRules,
): Promise<void> {
  const cacao = verifierInput(input, options)
  const { p, s } = cacao
  if (knownKey(p.iss)?.type !== 'P-256')
    throw new SessionError('ERR_CAPABILITY_ISSUER', 'a passkey speaks for its own did:key (zDn…) only')
  const signed = s.m?.aad && decodeAAD(s.m.aad)
  const der = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  const signature = der && rawOfDER(der)
  if (s.t !== WEBAUTHN_TYPE || cacao.h.t !== 'caip122' || !signed || !signature)
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      "malformed capability: h.t, s.s and s.m.aad must be a passkey's, as @didtools/key-webauthn writes them",
    )
  const { type, challenge } = parseClientData(signed.clientDataJSON)
  if (type !== 'webauthn.get' || challenge !== toBase64url(challengeOf(cacao)))
    throw refused('SIGNATURE', 'the passkey signed something else')
  if (!(await isAssertedBy(p.iss, signed, signature)))
    throw refused('SIGNATURE', `it is not signed by ${p.iss}`)
  assertPlace(p.domain, signed, rules)
  assertPerson(signed, rules)
}

/** What a passkey signs for a capability: its CID without the signature and the issuer, whom only the signature tells. */
export function challengeOf({ h, p }: Pick<Cacao, 'h'> & { readonly p: object }): Uint8Array<ArrayBuffer> {
  return new Uint8Array(cidOf({ h, p: { ...p, iss: undefined } }).bytes)
}

/** Whether the key of a did:key signed the assertion. */
export async function isAssertedBy(did: string, signed: SignedData, signature: Uint8Array): Promise<boolean> {
  const key = knownKey(did)
  return key?.type === 'P-256' && verifyKeySignature(key, signature, signedBytes(signed))
}

function assertPlace(domain: string, signed: SignedData, { origins, rpIds }: WebAuthnRules): void {
  const { origin, crossOrigin = false, topOrigin } = parseClientData(signed.clientDataJSON)
  if (typeof origin !== 'string' || !(isOriginOf(origin, domain) || origins.includes(origin)))
    throw refused('DOMAIN', `the passkey signed on ${printable(origin)}, not on ${domain}`)
  if (crossOrigin !== false || topOrigin !== undefined)
    throw refused('DOMAIN', "the passkey signed within another site's page")
  const hash = toBase64url(signed.authData.subarray(0, 32))
  if (![...ownAndParents(hostnameOf(domain)), ...rpIds].some((id) => toBase64url(sha256(utf8(id))) === hash))
    throw refused('DOMAIN', `the passkey is not one of ${domain}`)
}

// Which parents a site may use, browsers see to; a name without a dot is nobody's, but for the host's own.
function ownAndParents(hostname = ''): string[] {
  // Each is hashed, and no host's name in DNS is longer.
  if (hostname.length > MAX_HOSTNAME_LENGTH) return []
  const labels = hostname.split('.')
  return labels.map((_, i) => labels.slice(i).join('.')).filter((name, i) => i === 0 || name.includes('.'))
}

function assertPerson({ authData }: SignedData, { requireUserVerification }: WebAuthnRules): void {
  const data = parseAuthenticatorData(authData)
  if (!data) throw refused('SIGNATURE', 'its authenticator data contradict themselves')
  if (!data.isUserPresent) throw refused('SIGNATURE', 'the passkey signed while nobody was there (UP)')
  if (requireUserVerification && !data.isUserVerified)
    throw refused('SIGNATURE', 'the passkey did not check who was there (UV)')
}

function printable(origin: unknown): string {
  return typeof origin === 'string' ? JSON.stringify(origin.slice(0, 100)) : 'no origin'
}

function refused(code: 'SIGNATURE' | 'DOMAIN', why: string): SessionError {
  return new SessionError(`ERR_CAPABILITY_${code}`, `the capability is refused: ${why}`)
}
