import { isBytes } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
/** How an authenticator is asked. */
export interface PasskeyRequestOptions {
  /** The site that the passkeys are for (RP ID): the host's name, by default, or a parent domain of it. */
  rpId?: string
  /** Whether the authenticator checks who is there, by a fingerprint, a face, a PIN: `required` by default. */
  userVerification?: 'required' | 'preferred' | 'discouraged'
  /** Milliseconds that the person has; the browser's own choice (some minutes) by default. */
  timeoutMs?: number
  /** Closes the browser's dialog. */
  signal?: AbortSignal
}

/** Bytes of a random challenge. */
const CHALLENGE_BYTES = 32

/** A challenge that nobody could foresee. */
export function randomChallenge(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES))
}

/**
 * Has the browser make or use a passkey. Rejects with `ERR_ENVIRONMENT` where there is no WebAuthn, `ERR_AUTH_REJECTED`,
 * `ERR_AUTH_FAILED`, or the signal's reason.
 */
export async function requestPasskey<Response extends AuthenticatorResponse>(
  signal: AbortSignal | undefined,
  ask: (credentials: CredentialsContainer) => Promise<Credential | null>,
): Promise<PublicKeyCredential & { readonly response: Response }> {
  const { navigator, PublicKeyCredential } = globalThis
  if (typeof PublicKeyCredential !== 'function' || !navigator?.credentials)
    throw new SessionError(
      'ERR_ENVIRONMENT',
      'there are no passkeys here (WebAuthn): they need a page on https or localhost, in a browser that has them',
    )
  signal?.throwIfAborted()
  // What an extension put in the browser's place may throw at once.
  const asked = async (): Promise<Credential | null> => ask(navigator.credentials)
  const credential = await asked().catch((cause: unknown) => {
    throw signal?.aborted ? signal.reason : passkeyError(cause)
  })
  if (!credential || !('response' in credential))
    throw new SessionError('ERR_AUTH_FAILED', 'the browser gave no passkey')
  return credential as PublicKeyCredential & { readonly response: Response }
}

/** A copy of bytes that a browser, or an extension in its place, gave in one form or another. */
export function bytesOf(source: unknown): Uint8Array<ArrayBuffer> {
  if (isBytes(source)) return new Uint8Array(source)
  if (Object.prototype.toString.call(source) === '[object ArrayBuffer]')
    return new Uint8Array(source as ArrayBuffer).slice()
  throw new SessionError('ERR_AUTH_FAILED', 'the passkey answered something that is not bytes')
}

function passkeyError(cause: unknown): SessionError {
  const { name, message } = (cause ?? {}) as Partial<Error>
  // Browsers tell no more than this, lest pages learn who has which passkeys.
  if (name === 'NotAllowedError')
    return new SessionError(
      'ERR_AUTH_REJECTED',
      'no passkey was used: the person said no, took too long, could not be verified, or has none for this here',
      { cause },
    )
  const advice = name === 'SecurityError' ? ' (rpId must be the name of this host, or a parent of it)' : ''
  return new SessionError(
    'ERR_AUTH_FAILED',
    `the passkey failed: ${String(message ?? 'it gave no reason').slice(0, 200)}${advice}`,
    { cause },
  )
}
