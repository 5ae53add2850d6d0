import { fromBase64url, toBase64url } from '../../base/base64.js'
import { SessionError } from '../../base/errors.js'
import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import { parseCacao } from '../../capability/parse-cacao.js'
import { encodeAAD, type SignedData, signedBytes } from '../../capability/webauthn-aad.js'
import { rawOfDER } from '../../key/ecdsa.js'
import { type GrantTextOptions, grantPayload } from '../capability-payload.js'
import { parseClientData } from './client-data.js'
import { type Passkey, readPasskeys, rememberPasskey } from './known-passkeys.js'
import { bytesOf, type PasskeyRequestOptions, randomChallenge, requestPasskey } from './passkey-request.js'
import { challengeOf, isAssertedBy, verifyWebAuthn, WEBAUTHN_TYPE } from './verify.js'
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

/** How the account of a passkey is found that was never used in this browser. */
export interface PasskeyAccountOptions extends PasskeyRequestOptions {
  /**
   * Says whether an account is one of the app's, such as by asking its server. A signature fits two keys: where only one of
   * them is known, the person need not confirm a second time.
   */
  isKnown?: (account: string) => boolean | Promise<boolean>
}

/** The account of a passkey that the person chooses; it's remembered. */
export async function passkeyAccount(options: PasskeyAccountOptions): Promise<string> {
  const assertion = await requestAssertion(randomChallenge(), [], options)
  const account = await accountOfAssertion(assertion, options)
  rememberPasskey({ ...assertion.passkey, account })
  return account
}

/** The account that made an assertion, with as few further gestures as possible: none or one. */
export async function accountOfAssertion(
  assertion: Assertion,
  { isKnown, ...options }: PasskeyAccountOptions,
): Promise<string> {
  const { passkey, signature } = assertion
  const noted = readPasskeys().find(({ id }) => id === passkey.id)?.account
  if (noted && (await isAssertedBy(noted, assertion, signature))) return noted
  const { candidatesOf } = await import('../../key/ecdsa.js')
  const candidates = candidatesOf(signature, signedBytes(assertion))
  const ofApp = isKnown ? await onlyOne(candidates, async (account) => isKnown(account)) : undefined
  if (ofApp) return ofApp
  // Of another signature one of the two keys is a candidate again, and the other is not.
  const second = await requestAssertion(randomChallenge(), [passkey], options)
  const account = await onlyOne(candidates, (did) => isAssertedBy(did, second, second.signature))
  if (account) return account
  throw new SessionError('ERR_AUTH_FAILED', 'the passkey signed with two keys: use another one')
}

async function onlyOne(
  accounts: readonly string[],
  test: (account: string) => Promise<boolean>,
): Promise<string | undefined> {
  const results = await Promise.all(accounts.map(test))
  const [account, ...others] = accounts.filter((_, i) => results[i] === true)
  return others.length === 0 ? account : undefined
}

/** What is signed, where `DIDSession.get` or `authorize` don't say otherwise, and how the authenticator is asked. */
export interface WebAuthnAuthOptions extends GrantTextOptions, PasskeyAccountOptions {}

// What is signed names no account: until it is known, this stands in its place.
const NOBODY = 'did:key:z1'

/** Has a passkey sign for its account, or for whichever account it turns out to be, and checks that it did. */
export async function webauthnGrant(
  account: string | undefined,
  opts: AuthMethodOpts,
  options: WebAuthnAuthOptions,
): Promise<Cacao> {
  const h = { t: 'caip122' } as const
  const { statement: words, ...rest } = grantPayload(account ?? NOBODY, opts, options)
  // No authenticator shows any words: only those that somebody asked for are said.
  const isAsked = (opts.statement ?? options.statement) !== undefined
  const p = { ...rest, ...(isAsked && words !== undefined && { statement: words }) }
  const known = account === undefined ? [] : readPasskeys().filter((passkey) => passkey.account === account)
  const assertion = await requestAssertion(challengeOf({ h, p }), known, options)
  const { passkey, der, signature, clientDataJSON } = assertion
  if (account !== undefined && !(await isAssertedBy(account, assertion, signature)))
    throw new SessionError(
      'ERR_CAPABILITY_SIGNATURE',
      `the passkey that was chosen is not the one of ${account}: choose that one`,
    )
  const iss = account ?? (await accountOfAssertion(assertion, options))
  const s = { t: WEBAUTHN_TYPE, s: toBase64url(der), m: { aad: encodeAAD(assertion) } }
  const cacao = parseCacao({ h, p: { ...p, iss }, s })
  // Which sites are trusted is the server's to say, but that of this page is the one that was asked.
  const { origin } = parseClientData(clientDataJSON)
  const rpId = options.rpId ?? globalThis.location?.hostname
  await verifyWebAuthn(
    cacao,
    { disableExpirationCheck: true },
    {
      origins: typeof origin === 'string' ? [origin] : [],
      rpIds: rpId === undefined ? [] : [rpId],
      requireUserVerification: (options.userVerification ?? 'required') === 'required',
    },
  )
  rememberPasskey({ ...passkey, account: iss })
  return cacao
}
