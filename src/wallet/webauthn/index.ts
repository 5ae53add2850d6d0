import { type AccountInput, accountArgument } from '../../base/account.js'
import {
  booleanOption,
  type ReadersOf,
  type ReadValue,
  readOptions,
  setting,
  textsOption,
  wrong,
} from '../../base/options.js'
import { parseURL } from '../../base/url.js'
import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import type { CacaoVerifier } from '../../capability/verify-signature.js'
import { assertMessageOptions, PASSKEY_OPTIONS } from '../message-options.js'
import type { Passkey } from './passkeys.js'
import type { CreatePasskeyOptions } from './register.js'
import type { PasskeyAccountOptions, WebAuthnAuthOptions } from './sign-in.js'

export type { SignInMessageOptions } from '../capability-payload.js'
export type { Passkey, PasskeyRequestOptions } from './passkeys.js'
export type { CreatePasskeyOptions } from './register.js'
export type { PasskeyAccountOptions, WebAuthnAuthOptions } from './sign-in.js'

/**
 * Creates a passkey (a discoverable ES256 credential of WebAuthn Level 3) and returns its account: a did:key
 * of P-256 (`did:key:zDn…`). The browser remembers the passkey. It takes one user gesture.
 *
 * Rejects with `ERR_ENVIRONMENT` if there is no WebAuthn (in workers, Node, some browsers, and on pages
 * without https), with `ERR_AUTH_REJECTED` if the person said no, with `ERR_AUTH_FAILED` if the authenticator failed,
 * with the reason of `signal`, or with a `TypeError` for a wrong option.
 *
 * @example
 * const account = await createPasskey({ name: 'alice@example.com' })
 * const session = await DIDSession.get(account, webauthnAuth(account), { resources })
 */
export async function createPasskey(options: CreatePasskeyOptions): Promise<string> {
  const { registerPasskey } = await import('./register.js')
  return registerPasskey(options)
}

/**
 * Makes an auth method that signs in with a passkey, for `DIDSession.get` and `authorize`. Without `account`
 * it signs in with the account that the session requests, or else the person chooses a passkey. A passkey's
 * signature fits two possible keys, so a passkey that is neither requested nor known in this browser takes
 * a second user gesture; otherwise one is enough.
 *
 * The auth method rejects with
 *
 * - `ERR_AUTH_REJECTED`: the person said no, or has no such passkey (browsers do not tell which)
 * - `ERR_AUTH_FAILED`: the authenticator failed
 * - `ERR_CAPABILITY_SIGNATURE`: the passkey of a different account was chosen, or it did not verify the person
 * - `ERR_CAPABILITY_ISSUER`: the session is for a different account than the auth method
 * - `ERR_CAPABILITY_DOMAIN`: the page is in a frame of another site
 * - `ERR_ENVIRONMENT`: there is no WebAuthn, or no domain to sign in to
 * - the reason of `signal`
 *
 * @example
 * const session = await DIDSession.get(account, webauthnAuth(account), { resources, verifiers: webauthnVerifiers() })
 */
export function webauthnAuth(
  account?: AccountInput,
  options: WebAuthnAuthOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  assertMessageOptions(options, PASSKEY_OPTIONS)
  const own = account === undefined ? undefined : passkeyAccountArgument(account)
  // An app that makes an auth method is about to sign in, so start loading the code for it: a browser may no
  // longer count the click if loading takes long.
  import('./sign-in.js').catch(() => undefined)
  return async (opts) => {
    const { signPasskeyCapability } = await import('./sign-in.js')
    return signPasskeyCapability(own, opts, options)
  }
}

/**
 * Lets the person choose a passkey and returns its account. It takes one user gesture if the passkey was
 * created or used in this browser, or if `isKnown` recognises its account; otherwise it takes two. Rejects
 * with the same codes as `webauthnAuth`.
 *
 * @example
 * const [last] = await knownPasskeys()
 * const account = last?.account ?? (await webauthnAccount())
 */
export async function webauthnAccount(options: PasskeyAccountOptions = {}): Promise<string> {
  const { passkeyAccount } = await import('./sign-in.js')
  return passkeyAccount(options)
}

/**
 * Returns the passkeys that were created or used in this browser, the one used last first, so that a page can
 * offer them. It takes no user gesture. The list may include passkeys that were deleted from the
 * authenticator, and does not include passkeys that this browser has not seen yet.
 *
 * @example
 * for (const { account, name = account } of await knownPasskeys()) addButton(name, () => signIn(account))
 */
export async function knownPasskeys(): Promise<Passkey[]> {
  const { readPasskeys } = await import('./passkeys.js')
  return readPasskeys()
}

/**
 * Makes this browser forget an account's passkey, for example on a shared machine. The authenticator keeps
 * the passkey.
 *
 * @example
 * await DIDSession.remove(account)
 * await forgetPasskey(account)
 */
export async function forgetPasskey(account: AccountInput): Promise<void> {
  const own = passkeyAccountArgument(account)
  const { forgetPasskeys } = await import('./passkeys.js')
  forgetPasskeys(own)
}

/** Which passkeys `webauthnVerifiers` accepts. */
export interface WebAuthnVerifierOptions {
  /**
   * Other origins that may sign for a domain, such as `https://login.example.com`. The origin of the domain
   * itself is always accepted, on https, or on http if it is localhost.
   */
  origins?: readonly string[]
  /**
   * Other RP IDs that passkeys may have been created for. The domain's host name and its parent domains are
   * always accepted.
   */
  rpIds?: readonly string[]
  /** Whether the authenticator must have verified the person (UV); true by default. */
  requireUserVerification?: boolean
}

// A misspelt origin or host name would never match, so it is an error.
const namesOption =
  (form: string, isName: (text: string) => boolean): ReadValue<readonly string[]> =>
  (value, name) => {
    const list = textsOption(form)(value, name)
    if (list.every(isName)) return list
    throw wrong(name, form)
  }

const VERIFIER_OPTIONS: ReadersOf<WebAuthnVerifierOptions> = {
  origins: setting(
    namesOption(
      'a list of origins, with their scheme: ["https://login.example.com"]',
      // Apps and extensions have schemes of their own: "android:apk-key-hash:…".
      (text) => /^(?!https?:)[a-z][-+.a-z0-9]*:\D/.test(text) || parseURL(text)?.origin === text,
    ),
  ),
  rpIds: setting(
    namesOption(
      'a list of host names: ["example.com"]',
      (text) => parseURL(`https://${text}`)?.hostname === text,
    ),
  ),
  requireUserVerification: setting(booleanOption),
}

/**
 * Returns verifiers for capabilities that passkeys signed, in the format of `@didtools/key-webauthn`:
 * `webauthn:p256`. They work offline. They check that the issuer's passkey signed exactly this capability and
 * that the person was present and verified (`ERR_CAPABILITY_SIGNATURE`), on the capability's domain
 * (`ERR_CAPABILITY_DOMAIN`). They do not check which domains you trust: use the option `domains` of
 * `verifyCacao` for that. Throws a `TypeError` for a wrong option.
 *
 * @example
 * const cacao = await verifyCacao(json, { verifiers: webauthnVerifiers(), domains: ['app.example.com'] })
 */
export function webauthnVerifiers(options: WebAuthnVerifierOptions = {}): {
  'webauthn:p256': CacaoVerifier
} {
  const policy = {
    origins: [],
    rpIds: [],
    requireUserVerification: true,
    ...readOptions<WebAuthnVerifierOptions>(options, VERIFIER_OPTIONS),
  }
  return {
    async 'webauthn:p256'(cacao, options) {
      const { verifyWebAuthn } = await import('./verify.js')
      await verifyWebAuthn(cacao, options, policy)
    },
  }
}

// The form of a P-256 key's did:key, which encodes 35 bytes; the first two are the key type. The key is decoded when it is used.
const P256_DID_KEY = /^did:key:zDn[1-9A-HJ-NP-Za-km-z]{46}$/

function passkeyAccountArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (P256_DID_KEY.test(account)) return account
  throw new TypeError(`account must be a passkey's did:key (did:key:zDn…), not ${account}`)
}
