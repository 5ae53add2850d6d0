import { fromBase64url, toBase64url } from '../base/base64.js'
import { SessionError } from '../base/errors.js'
import type { SignedData } from '../capability/webauthn-aad.js'
import { rawOfDER } from '../key/ecdsa-der.js'
import { parseClientData } from './client-data.js'
import type { Passkey } from './known-passkeys.js'
import { bytesOf, type PasskeyRequestOptions, requestPasskey } from './passkey-request.js'

/** A passkey, as far as it is known before its account is. */
export type PasskeyId = Pick<Passkey, 'id' | 'transports'>

/** What a passkey signed: one gesture of the person's. */
export interface Assertion extends SignedData {
  readonly passkey: PasskeyId
  /** As the authenticator made it: DER. */
  readonly der: Uint8Array<ArrayBuffer>
  /** The same as r and s. */
  readonly signature: Uint8Array<ArrayBuffer>
}

/** Has one of these passkeys sign the challenge; without any, one that the person chooses. */
export async function requestAssertion(
  challenge: Uint8Array<ArrayBuffer>,
  allowed: readonly PasskeyId[],
  { rpId, userVerification = 'required', timeoutMs, signal }: PasskeyRequestOptions,
): Promise<Assertion> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge,
    userVerification,
    allowCredentials: allowed.map(descriptor),
    ...(rpId !== undefined && { rpId }),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  }
  const { rawId, response } = await requestPasskey<AuthenticatorAssertionResponse>(signal, (credentials) =>
    credentials.get({ publicKey, ...(signal && { signal }) }),
  )
  const der = bytesOf(response.signature)
  const signature = rawOfDER(der)
  if (!signature)
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the passkey answered something that is not a signature (ES256)',
    )
  const clientDataJSON = bytesOf(response.clientDataJSON)
  if (parseClientData(clientDataJSON).challenge !== toBase64url(challenge))
    throw new SessionError('ERR_AUTH_FAILED', 'the passkey signed something else than it was asked to')
  const id = toBase64url(bytesOf(rawId))
  const transports = allowed.find((passkey) => passkey.id === id)?.transports ?? []
  return {
    passkey: { id, transports },
    authData: bytesOf(response.authenticatorData),
    clientDataJSON,
    der,
    signature,
  }
}

function descriptor({ id, transports }: PasskeyId): PublicKeyCredentialDescriptor {
  // An empty list would mean that it can't be reached at all.
  const reached = transports.length > 0 && { transports: [...transports] as AuthenticatorTransport[] }
  return { type: 'public-key', id: fromBase64url(id) ?? new Uint8Array(), ...reached }
}
