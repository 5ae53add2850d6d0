import { SessionError } from '../../base/errors.js'
import { fromBase64url, toBase64url } from '../../base/multibase.js'
import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import { encodeAAD, type SignedData, signedBytes } from '../../capability/cid.js'
import { parseCacao } from '../../capability/parse-cacao.js'
import { knownKey } from '../../key/did-key.js'
import { rawOfDER } from '../../key/ecdsa.js'
import { capabilityPayload, type SignInMessageOptions } from '../capability-payload.js'
import { assertMessageOptions, PASSKEY_OPTIONS } from '../message-options.js'
import {
  bytesOf,
  type Passkey,
  type PasskeyRequestOptions,
  randomChallenge,
  readPasskeys,
  rememberPasskey,
  requestPasskey,
  userVerificationOption,
} from './passkeys.js'
import { challengeOf, isAssertedBy, parseClientData, verifyWebAuthn, WEBAUTHN_TYPE } from './verify.js'

// Replaces the issuer until it is known. The challenge does not cover the issuer.
const PLACEHOLDER_ISSUER = 'did:key:z1'

/** Options of `webauthnAuth`. Options of `DIDSession.get` and `authorize` take precedence. */
export interface WebAuthnAuthOptions extends SignInMessageOptions, PasskeyAccountOptions {}

/** How to find the account of a passkey that was never used in this browser. */
export interface PasskeyAccountOptions extends PasskeyRequestOptions {
  /**
   * Returns whether an account is known to the app, for example to its server. A signature fits two keys; if the app
   * knows the account of only one of them, no second user gesture is needed.
   */
  isKnown?: (account: string) => boolean | Promise<boolean>
}

/**
 * Signs a capability (CAIP-74) with a passkey and verifies the signature. The issuer is the account of the auth
 * method (`own`), or the one that the session requests, or else the account of the passkey that the person chooses.
 * Throws the errors that `webauthnAuth` lists.
 */
export async function signPasskeyCapability(
  own: string | undefined,
  opts: AuthMethodOpts,
  options: WebAuthnAuthOptions,
): Promise<Cacao> {
  const requested = opts.address
  if (requested !== undefined && (own ? own !== requested : knownKey(requested)?.type !== 'P-256'))
    throw new SessionError(
      'ERR_CAPABILITY_ISSUER',
      `the session is for ${requested}, but the auth method is for ${own ?? 'passkeys'}: use the same account for both`,
    )
  const account = own ?? requested
  const h = { t: 'caip122' } as const
  const { statement, ...rest } = capabilityPayload(account ?? PLACEHOLDER_ISSUER, opts, options)
  // An authenticator shows no text, so the default statement is left out. Only a statement that the app set
  // is signed.
  const isGiven = (opts.statement ?? options.statement) !== undefined
  const p = { ...rest, ...(isGiven && statement !== undefined && { statement }) }
  const known = account === undefined ? [] : readPasskeys().filter((passkey) => passkey.account === account)
  const assertion = await requestAssertion(challengeOf({ h, p }), known, options)
  const { passkey, der, signature, clientDataJSON } = assertion
  if (account !== undefined && !(await isAssertedBy(account, assertion, signature)))
    throw new SessionError(
      'ERR_CAPABILITY_SIGNATURE',
      `the chosen passkey does not belong to ${account}: choose the passkey of this account`,
    )
  const iss = account ?? (await accountOfAssertion(assertion, options))
  const s = { t: WEBAUTHN_TYPE, s: toBase64url(der), m: { aad: encodeAAD(assertion) } }
  const cacao = parseCacao({ h, p: { ...p, iss }, s })
  // The server decides which sites it trusts. Here, the origin is accepted as it is, because this page made the request.
  const { origin } = parseClientData(clientDataJSON)
  const rpId = options.rpId ?? globalThis.location?.hostname
  await verifyWebAuthn(
    cacao,
    { disableExpirationCheck: true },
    {
      origins: typeof origin === 'string' ? [origin] : [],
      rpIds: rpId === undefined ? [] : [rpId],
      requireUserVerification: userVerificationOption(options.userVerification) === 'required',
    },
  )
  rememberPasskey({ ...passkey, account: iss })
  return cacao
}

/** Lets the person choose a passkey, remembers it, and returns its account. */
export async function passkeyAccount(options: PasskeyAccountOptions): Promise<string> {
  // Options of the message are allowed, so that an app can pass the same object to `webauthnAuth`.
  assertMessageOptions(options as WebAuthnAuthOptions, PASSKEY_OPTIONS)
  const assertion = await requestAssertion(randomChallenge(), [], options)
  const account = await accountOfAssertion(assertion, options)
  rememberPasskey({ ...assertion.passkey, account })
  return account
}

/**
 * Returns the account whose key made an assertion. It may take one more user gesture. Throws `ERR_AUTH_FAILED` if the
 * account cannot be determined.
 */
export async function accountOfAssertion(
  assertion: Assertion,
  { isKnown, ...options }: PasskeyAccountOptions,
): Promise<string> {
  const { passkey, signature } = assertion
  const remembered = readPasskeys().find(({ id }) => id === passkey.id)?.account
  if (remembered && (await isAssertedBy(remembered, assertion, signature))) return remembered
  const { candidatesOf } = await import('../../key/ecdsa.js')
  const candidates = candidatesOf(signature, signedBytes(assertion))
  const known = isKnown ? await onlyMatch(candidates, async (account) => isKnown(account)) : undefined
  if (known) return known
  // Of the two candidates, only the right key fits a second signature.
  const second = await requestAssertion(randomChallenge(), [passkey], options)
  const account = await onlyMatch(candidates, (did) => isAssertedBy(did, second, second.signature))
  if (account) return account
  throw new SessionError(
    'ERR_AUTH_FAILED',
    'the account of the passkey could not be determined: use a different passkey',
  )
}

async function onlyMatch(
  accounts: readonly string[],
  test: (account: string) => Promise<boolean>,
): Promise<string | undefined> {
  const results = await Promise.all(accounts.map(test))
  const [account, ...others] = accounts.filter((_, i) => results[i] === true)
  return others.length === 0 ? account : undefined
}

/** A passkey whose account may not be known yet. */
export type PasskeyId = Pick<Passkey, 'id' | 'transports'>

/** What a passkey signed in one user gesture. */
export interface Assertion extends SignedData {
  readonly passkey: PasskeyId
  /** The signature as the authenticator made it, in DER. */
  readonly der: Uint8Array<ArrayBuffer>
  /** The same signature as r and s. */
  readonly signature: Uint8Array<ArrayBuffer>
}

/**
 * Asks for a signature over the challenge by one of the `allowed` passkeys. If the list is empty, the person chooses any
 * passkey of the site. Throws the codes of `requestPasskey`.
 */
export async function requestAssertion(
  challenge: Uint8Array<ArrayBuffer>,
  allowed: readonly PasskeyId[],
  { rpId, userVerification, timeoutMs, signal }: PasskeyRequestOptions,
): Promise<Assertion> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge,
    userVerification: userVerificationOption(userVerification),
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
      'the passkey answered with something that is not a signature (ES256): use a different passkey',
    )
  const clientDataJSON = bytesOf(response.clientDataJSON)
  if (parseClientData(clientDataJSON).challenge !== toBase64url(challenge))
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the passkey signed a different challenge than it was given: try again, or use a different passkey',
    )
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
  // Leave out an empty list: it would mean that the passkey cannot be reached at all.
  const known = transports.length > 0 && { transports: [...transports] as AuthenticatorTransport[] }
  return { type: 'public-key', id: fromBase64url(id) ?? new Uint8Array(), ...known }
}
