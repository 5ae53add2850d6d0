import { decodeFirst } from 'cborg'
import { concat, utf8 } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { fromHex } from '../../base/hex.js'
import { fromBase64url, toBase64url } from '../../base/multibase.js'
import { isBytes } from '../../base/options.js'
import { decompressP256, encodeDIDKey } from '../../key/did-key.js'
import { assertOptions, PASSKEY_OPTIONS } from '../message-options.js'
import {
  bytesOf,
  type PasskeyRequestOptions,
  randomChallenge,
  rememberPasskey,
  requestPasskey,
  userVerificationOption,
} from './passkeys.js'

// The bytes before the point (04, x, y) in the SubjectPublicKeyInfo of a P-256 key (RFC 5480).
const SPKI_HEAD = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004') ?? new Uint8Array()
// The offset of the credential id's length in the authenticator data (WebAuthn Level 3, section 6.5.1).
const CREDENTIAL_ID_LENGTH_AT = 53
// Labels and values of a COSE_Key (RFC 9053, section 7.1).
const [COSE_KTY, COSE_ALG, COSE_CRV, COSE_X, COSE_Y] = [1, 3, -1, -2, -3] as const
const [EC2, ES256, P256] = [2, -7, 1] as const
const RS256 = -257
const COORDINATE_BYTES = 32

const MAX_USER_ID_BYTES = 64
const RANDOM_USER_ID_BYTES = 32

/** Options of `createPasskey`. */
export interface CreatePasskeyOptions extends PasskeyRequestOptions {
  /** The name by which the person recognises this passkey among others, such as an e-mail address. */
  name: string
  /** The person's name; the same as `name` by default. */
  displayName?: string
  /** The app's name; the host name of the page by default. */
  rpName?: string
  /**
   * An identifier of 1 to 64 bytes, or a string of that length in UTF-8, that says nothing about the person;
   * random by default. An authenticator keeps one passkey for each identifier: creating a second one with the
   * same identifier replaces the first, whose account is then lost.
   */
  userId?: Uint8Array | string
  /**
   * Where the passkey may be kept: `platform` for this device, `cross-platform` for a separate one such as a
   * security key; either by default.
   */
  attachment?: 'platform' | 'cross-platform'
}

// `isKnown` has no meaning for a new passkey.
const CREATE_OPTIONS = [
  ...PASSKEY_OPTIONS.filter((name) => name !== 'isKnown'),
  ...['name', 'displayName', 'rpName', 'userId', 'attachment'],
]

/** Creates a passkey, remembers it, and returns its account. */
export async function registerPasskey(options: CreatePasskeyOptions): Promise<string> {
  if (typeof options === 'object') assertOptions(options, CREATE_OPTIONS)
  if (typeof options?.name !== 'string' || options.name === '')
    throw new TypeError('name must be a non-empty string: createPasskey({ name: "alice@example.com" })')
  const { name, rpId, timeoutMs, signal, attachment } = options
  const { displayName = name, rpName = rpId ?? globalThis.location?.hostname ?? '' } = options
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: randomChallenge(),
    rp: { name: rpName, ...(rpId !== undefined && { id: rpId }) },
    user: { id: userIdArgument(options.userId), name, displayName },
    // In the order of preference. A key for RS256 would be refused below; it is listed only because Chrome logs a warning otherwise.
    // All of today's authenticators support ES256, and then create no other key.
    pubKeyCredParams: [ES256, RS256].map((alg) => ({ type: 'public-key', alg })),
    authenticatorSelection: {
      // Only a discoverable credential (resident key) can be chosen later without knowing its id.
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: userVerificationOption(options.userVerification),
      ...(attachment && { authenticatorAttachment: attachment }),
    },
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  }
  const credential = await requestPasskey<AuthenticatorAttestationResponse>(signal, (credentials) =>
    credentials.create({ publicKey, ...(signal && { signal }) }),
  )
  const { response } = credential
  // The passkey exists now, so try every way to read its key: a password manager's response may lack some methods.
  const account = accountOfResponse(response)
  if (!account)
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the new passkey has no P-256 key (ES256) that can be read: delete it, and use a different authenticator or password manager',
    )
  const id = credentialIdOf(credential, response)
  // A passkey whose id cannot be read still works: the person chooses it.
  if (id !== undefined) rememberPasskey({ id, account, transports: transportsOf(response), name })
  return account
}

function userIdArgument(userId: unknown): Uint8Array<ArrayBuffer> {
  if (userId === undefined) return crypto.getRandomValues(new Uint8Array(RANDOM_USER_ID_BYTES))
  const source = typeof userId === 'string' ? utf8(userId) : userId
  if (isBytes(source) && source.length > 0 && source.length <= MAX_USER_ID_BYTES)
    return new Uint8Array(source)
  throw new TypeError(`userId must be 1 to ${MAX_USER_ID_BYTES} bytes, or a string of that length in UTF-8`)
}

function accountOfResponse(response: AuthenticatorAttestationResponse): string | undefined {
  return (
    attempt(() => accountOfSPKI(bytesOf(response.getPublicKey()))) ??
    attempt(() => accountOfAttestation(bytesOf(response.attestationObject)))
  )
}

function credentialIdOf(
  credential: PublicKeyCredential,
  response: AuthenticatorAttestationResponse,
): string | undefined {
  const bytes =
    attempt(() => bytesOf(credential.rawId)) ??
    attempt(() => fromBase64url(credential.id)) ??
    attempt(() => credentialIdIn(bytesOf(response.attestationObject)))
  return bytes?.length ? toBase64url(bytes) : undefined
}

function transportsOf(response: AuthenticatorAttestationResponse): string[] {
  const transports: unknown = attempt(() => response.getTransports())
  return Array.isArray(transports)
    ? transports.filter((transport) => typeof transport === 'string' && transport !== '')
    : []
}

/** Returns `undefined` if `work` throws: password managers leave methods out, or forbid the page to use them. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/**
 * Returns the account of a P-256 key in a SubjectPublicKeyInfo, which is the form that browsers return;
 * `undefined` for anything else.
 */
export function accountOfSPKI(spki: Uint8Array): string | undefined {
  const start = SPKI_HEAD.length
  if (indexOf(spki, SPKI_HEAD) !== 0 || spki.length !== start + 2 * COORDINATE_BYTES) return undefined
  return accountOf(spki.subarray(start, start + COORDINATE_BYTES), spki.subarray(start + COORDINATE_BYTES))
}

/**
 * Returns the account of the P-256 key in an attestation object (WebAuthn Level 3, section 6.5), for browsers
 * and extensions that do not extract the key; `undefined` if there is none.
 */
export function accountOfAttestation(attestationObject: Uint8Array): string | undefined {
  try {
    const authData = authDataOf(attestationObject)
    const cose = authData && coseKeyOf(authData)
    const [x, y] = [cose?.get(COSE_X), cose?.get(COSE_Y)]
    const isP256 = cose?.get(COSE_KTY) === EC2 && cose.get(COSE_ALG) === ES256 && cose.get(COSE_CRV) === P256
    return isP256 && isBytes(x) && isBytes(y) ? accountOf(x, y) : undefined
  } catch {
    return undefined
  }
}

function authDataOf(attestationObject: Uint8Array): Uint8Array | undefined {
  const [attestation] = decodeFirst(attestationObject, { useMaps: true })
  const authData: unknown = (attestation as Map<unknown, unknown>).get('authData')
  return isBytes(authData) ? authData : undefined
}

function credentialIdIn(attestationObject: Uint8Array): Uint8Array | undefined {
  const authData = authDataOf(attestationObject)
  const start = CREDENTIAL_ID_LENGTH_AT + 2
  return authData?.slice(start, start + credentialIdLength(authData))
}

function credentialIdLength(authData: Uint8Array): number {
  return new DataView(authData.buffer, authData.byteOffset).getUint16(CREDENTIAL_ID_LENGTH_AT)
}

/**
 * Returns the COSE_Key of a new credential, which follows the credential id in the authenticator data
 * (WebAuthn Level 3, section 6.5.1).
 */
function coseKeyOf(authData: Uint8Array): Map<unknown, unknown> {
  const start = CREDENTIAL_ID_LENGTH_AT + 2 + credentialIdLength(authData)
  const [key] = decodeFirst(authData.subarray(start), { useMaps: true })
  return key as Map<unknown, unknown>
}

function accountOf(x: Uint8Array, y: Uint8Array): string | undefined {
  const bytes = concat(Uint8Array.of(2 + ((y.at(-1) ?? 0) & 1)), x)
  const point = decompressP256(bytes)
  const isSame =
    y.length === COORDINATE_BYTES && point && indexOf(point.subarray(1 + COORDINATE_BYTES), y) === 0
  return isSame ? encodeDIDKey({ type: 'P-256', bytes }) : undefined
}

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let at = 0; at + part.length <= bytes.length; at++)
    if (part.every((byte, i) => byte === bytes[at + i])) return at
  return -1
}
