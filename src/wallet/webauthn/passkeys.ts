import { pageStorage } from '../../base/environment.js'
import { SessionError } from '../../base/errors.js'
import { fromBase64url } from '../../base/multibase.js'
import { isBytes } from '../../base/options.js'
import { failureReason, isRejection } from '../../capability/auth-method.js'
import { knownKey } from '../../key/did-key.js'

// An assertion does not tell which key made it. What is stored here is only a hint: code that uses it
// verifies the signature.
const ITEM = 'cacao-session:passkeys'
const MAX_REMEMBERED = 50

// In a browser without storage, passkeys are only remembered until the page is closed.
let memory: string | null = null

/** A passkey that was created or used in this browser. */
export interface Passkey {
  /** Its credential id, in base64url. */
  readonly id: string
  /** Its account, a did:key. */
  readonly account: string
  /** How the browser can reach it, such as `internal` or `usb`. */
  readonly transports: readonly string[]
  /** The name that it was given when it was created in this browser. */
  readonly name?: string
}

/** Returns the passkeys that this browser knows, the one used last first. */
export function readPasskeys(): Passkey[] {
  try {
    const known: unknown = JSON.parse(pageStorage()?.getItem(ITEM) ?? memory ?? '[]')
    return Array.isArray(known) ? known.filter(isPasskey).slice(0, MAX_REMEMBERED) : []
  } catch {
    return []
  }
}

/** Stores that a passkey was used. Keeps what was already known about it. */
export function rememberPasskey(used: Passkey): void {
  const known = readPasskeys()
  const before = known.find(({ id, account }) => id === used.id && account === used.account)
  const transports = used.transports.length > 0 ? used.transports : (before?.transports ?? [])
  write([{ ...before, ...used, transports }, ...known.filter(({ id }) => id !== used.id)])
}

/** Forgets the passkeys of an account. The authenticator keeps them. */
export function forgetPasskeys(account: string): void {
  write(readPasskeys().filter((passkey) => passkey.account !== account))
}

function write(passkeys: readonly Passkey[]): void {
  const text = passkeys.length > 0 ? JSON.stringify(passkeys.slice(0, MAX_REMEMBERED)) : null
  memory = save(text) ? null : text
}

function save(text: string | null): boolean {
  try {
    const storage = pageStorage()
    if (text === null) storage?.removeItem(ITEM)
    else storage?.setItem(ITEM, text)
    return storage !== undefined
  } catch {
    // A browser may refuse to write, for example where storage is full or blocked.
    return false
  }
}

function isPasskey(value: unknown): value is Passkey {
  const { id, account, transports, name } = (value ?? {}) as Partial<Record<keyof Passkey, unknown>>
  if (typeof id !== 'string' || !id || typeof account !== 'string' || !Array.isArray(transports)) return false
  if (!transports.every((transport) => typeof transport === 'string')) return false
  const isNamed = name === undefined || typeof name === 'string'
  return isNamed && fromBase64url(id) !== undefined && knownKey(account)?.type === 'P-256'
}

const CHALLENGE_BYTES = 32

/** How to ask the authenticator. */
export interface PasskeyRequestOptions {
  /**
   * The site that the passkeys belong to (RP ID): by default the host name of the page, otherwise one of its
   * parent domains.
   */
  rpId?: string
  /**
   * Whether the authenticator must verify the person by a fingerprint, a face or a PIN; `required` by
   * default.
   */
  userVerification?: 'required' | 'preferred' | 'discouraged'
  /** Milliseconds that the person has to answer. The default is the browser's, usually a few minutes. */
  timeoutMs?: number
  /** Closes the browser's dialog. */
  signal?: AbortSignal
}

const USER_VERIFICATIONS: readonly unknown[] = ['required', 'preferred', 'discouraged']

/**
 * Reads the `userVerification` option. Throws a `TypeError` for any other value, because browsers would silently replace it by
 * `preferred`.
 */
export function userVerificationOption(
  value: PasskeyRequestOptions['userVerification'] = 'required',
): NonNullable<PasskeyRequestOptions['userVerification']> {
  if (USER_VERIFICATIONS.includes(value)) return value
  throw new TypeError('userVerification must be "required", "preferred" or "discouraged"')
}

/**
 * Asks the browser to create or use a passkey. Rejects with `ERR_ENVIRONMENT` if there is no WebAuthn, with
 * `ERR_AUTH_REJECTED` or `ERR_AUTH_FAILED`, or with the reason of `signal`.
 */
export async function requestPasskey<Response extends AuthenticatorResponse>(
  signal: AbortSignal | undefined,
  ask: (credentials: CredentialsContainer) => Promise<Credential | null>,
): Promise<PublicKeyCredential & { readonly response: Response }> {
  const { navigator, PublicKeyCredential } = globalThis
  if (typeof PublicKeyCredential !== 'function' || !navigator?.credentials)
    throw new SessionError(
      'ERR_ENVIRONMENT',
      'this environment has no passkeys (WebAuthn): use a page on https or localhost, in a browser that supports them',
    )
  signal?.throwIfAborted()
  // A browser extension may have replaced the API, and may throw synchronously.
  const asking = async (): Promise<Credential | null> => ask(navigator.credentials)
  const credential = await asking().catch((cause: unknown) => {
    throw signal?.aborted ? signal.reason : passkeyError(cause)
  })
  if (!credential || !('response' in credential))
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the browser returned no passkey: try again, or use a different browser',
    )
  return credential as PublicKeyCredential & { readonly response: Response }
}

function passkeyError(cause: unknown): SessionError {
  // Browsers report all of these cases by the same error, so that a page cannot find out which passkeys a person has.
  if (isRejection(cause))
    return new SessionError(
      'ERR_AUTH_REJECTED',
      'no passkey was used: the person said no, took too long, could not be verified, or has no passkey for this site on this device',
      { cause },
    )
  const isOtherSite = (cause as { name?: unknown } | null | undefined)?.name === 'SecurityError'
  // Developers often open a page at 127.0.0.1, where everything but passkeys works as at localhost.
  const advice = isOtherSite
    ? ' (rpId must be the host name of this page, or a parent domain of it; at an IP address there are no passkeys: use localhost instead of 127.0.0.1)'
    : ''
  return new SessionError('ERR_AUTH_FAILED', `the passkey failed: ${failureReason(cause)}${advice}`, {
    cause,
  })
}

/** Returns 32 random bytes. */
export function randomChallenge(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES))
}

/**
 * Copies the bytes that a browser returned as an `ArrayBuffer` or a view. An extension that replaced the API may return anything:
 * throws `ERR_AUTH_FAILED` if it is not bytes.
 */
export function bytesOf(source: unknown): Uint8Array<ArrayBuffer> {
  try {
    if (isBytes(source)) return new Uint8Array(source)
    if (Object.prototype.toString.call(source) === '[object ArrayBuffer]')
      return new Uint8Array(source as ArrayBuffer).slice()
  } catch (cause) {
    // Firefox forbids pages to access some objects of extensions.
    throw notBytesError(cause)
  }
  throw notBytesError()
}

function notBytesError(cause?: unknown): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    'the browser answered with something that is not bytes: turn off browser extensions that manage passkeys, or use a different one',
    { cause },
  )
}
