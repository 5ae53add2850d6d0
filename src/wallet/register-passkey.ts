import { toBase64url } from '../base/base64.js'
import { isBytes } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { utf8 } from '../base/utf8.js'
import { rememberPasskey } from './known-passkeys.js'
import { accountOfAttestation, accountOfSPKI } from './passkey-key.js'
import { bytesOf, type PasskeyRequestOptions, randomChallenge, requestPasskey } from './passkey-request.js'

/** What a passkey is made with. */
export interface CreatePasskeyOptions extends PasskeyRequestOptions {
  /** What the person tells this passkey from others by, such as an e-mail address. */
  name: string
  /** How the person is called; `name` by default. */
  displayName?: string
  /** How the app is called; its host's name by default. */
  rpName?: string
  /**
   * 1 to 64 bytes, or a text of as many, that say nothing about the person; random by default. An authenticator has one passkey
   * for each: a second one with the same takes the place of the first, whose account is lost then.
   */
  userId?: Uint8Array | string
  /** Only this device (`platform`), or only one apart from it (`cross-platform`); either by default. */
  attachment?: 'platform' | 'cross-platform'
}

// COSE's number of ECDSA with P-256 and SHA-256.
const ES256 = -7
const MAX_USER_ID_BYTES = 64
const RANDOM_USER_ID_BYTES = 32

/** Makes a passkey, remembers it, and gives its account. */
export async function registerPasskey(options: CreatePasskeyOptions): Promise<string> {
  const { name, rpId, userVerification = 'required', timeoutMs, signal, attachment } = options
  const { displayName = name, rpName = rpId ?? globalThis.location?.hostname ?? '' } = options
  if (typeof name !== 'string' || name === '') throw new TypeError('name must be a non-empty string')
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: randomChallenge(),
    rp: { name: rpName, ...(rpId !== undefined && { id: rpId }) },
    user: { id: userIdArgument(options.userId), name, displayName },
    pubKeyCredParams: [{ type: 'public-key', alg: ES256 }],
    authenticatorSelection: {
      // Without it nobody could choose it later: a resident key is what makes it a passkey.
      residentKey: 'required',
      requireResidentKey: true,
      userVerification,
      ...(attachment && { authenticatorAttachment: attachment }),
    },
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  }
  const { rawId, response } = await requestPasskey<AuthenticatorAttestationResponse>(signal, (credentials) =>
    credentials.create({ publicKey, ...(signal && { signal }) }),
  )
  const account = accountOfResponse(response)
  if (!account)
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the passkey has no key of P-256 (ES256): use another authenticator',
    )
  const transports = typeof response.getTransports === 'function' ? response.getTransports() : []
  rememberPasskey({ id: toBase64url(bytesOf(rawId)), account, transports, name })
  return account
}

function accountOfResponse(response: AuthenticatorAttestationResponse): string | undefined {
  const spki = typeof response.getPublicKey === 'function' ? response.getPublicKey() : null
  return spki ? accountOfSPKI(bytesOf(spki)) : accountOfAttestation(bytesOf(response.attestationObject))
}

function userIdArgument(userId: unknown): Uint8Array<ArrayBuffer> {
  if (userId === undefined) return crypto.getRandomValues(new Uint8Array(RANDOM_USER_ID_BYTES))
  const bytes =
    typeof userId === 'string' ? utf8(userId) : isBytes(userId) ? new Uint8Array(userId) : undefined
  if (bytes && bytes.length > 0 && bytes.length <= MAX_USER_ID_BYTES) return bytes
  throw new TypeError(`userId must be 1 to ${MAX_USER_ID_BYTES} bytes, or a text of as many`)
}
