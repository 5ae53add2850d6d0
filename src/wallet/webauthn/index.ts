import { type AccountInput, accountArgument } from '../../base/account.js'
import { SessionError } from '../../base/errors.js'
import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import type { CacaoVerifier } from '../../capability/verify-signature.js'
import { parseDIDKey } from '../../key/parse-did-key.js'
import type { Passkey } from './known-passkeys.js'
import type { CreatePasskeyOptions } from './register.js'
import type { PasskeyAccountOptions, WebAuthnAuthOptions } from './sign-in.js'

export type { GrantTextOptions } from '../capability-payload.js'
export type { Passkey } from './known-passkeys.js'
export type { PasskeyRequestOptions } from './passkey-request.js'
export type { CreatePasskeyOptions } from './register.js'
export type { PasskeyAccountOptions, WebAuthnAuthOptions } from './sign-in.js'

/**
 * Makes a passkey (WebAuthn Level 3, a discoverable ES256 credential) and gives its account: a did:key of P-256 (`zDn…`). The
 * browser remembers which it is. One gesture.
 *
 * Rejects with `ERR_ENVIRONMENT` where there is no WebAuthn (workers, Node, some engines, pages without https),
 * `ERR_AUTH_REJECTED` (the person said no), `ERR_AUTH_FAILED`, or the signal's reason.
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
 * Signs in with a passkey: an auth method for `DIDSession.get` and `authorize`. One gesture, if the account is given, if the
 * session is asked for one, or if the passkey was made or used in this browser; else a second one, which tells the account: a
 * passkey's signature doesn't. Without an account the person chooses the passkey.
 *
 * Rejects with `ERR_AUTH_REJECTED` (the person said no, or has no such passkey: browsers don't tell), `ERR_AUTH_FAILED`,
 * `ERR_CAPABILITY_SIGNATURE` (another account's passkey was chosen, or it verified nobody), `ERR_CAPABILITY_ISSUER` (the session
 * is for another account), `ERR_CAPABILITY_DOMAIN` (in another site's frame), `ERR_ENVIRONMENT` (no WebAuthn, or no domain) or
 * the signal's reason.
 *
 * @example
 * const session = await DIDSession.get(account, webauthnAuth(account), { resources, verifiers: webauthnVerifiers() })
 */
export function webauthnAuth(
  account?: AccountInput,
  options: WebAuthnAuthOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  const own = account === undefined ? undefined : passkeyArgument(account)
  // Whoever makes an auth method is about to sign in, and a browser may forget a click while code loads.
  import('./sign-in.js').catch(() => undefined)
  return async (opts) => {
    const wanted = opts.address
    if (wanted !== undefined && (own ? own !== wanted : !isPasskeyAccount(wanted)))
      throw new SessionError(
        'ERR_CAPABILITY_ISSUER',
        `the session is for ${wanted}, but the auth method for ${own ?? 'passkeys'}: use one account`,
      )
    const { webauthnGrant } = await import('./sign-in.js')
    return webauthnGrant(own ?? wanted, opts, options)
  }
}

/**
 * The account of a passkey that the person chooses. One gesture, if the passkey was made or used in this browser or `isKnown`
 * tells; else two. Rejects as `webauthnAuth` does.
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
 * The passkeys that were made or used in this browser, the last one first, without any gesture: what a page offers for
 * choosing. They may be gone from the authenticator, and others may be there.
 *
 * @example
 * for (const { account, name = account } of await knownPasskeys()) addButton(name, () => signIn(account))
 */
export async function knownPasskeys(): Promise<Passkey[]> {
  const { readPasskeys } = await import('./known-passkeys.js')
  return readPasskeys()
}

/**
 * Lets this browser forget an account's passkey, on a machine that others use too. The authenticator keeps it.
 *
 * @example
 * await DIDSession.remove(account)
 * await forgetPasskey(account)
 */
export async function forgetPasskey(account: AccountInput): Promise<void> {
  const own = passkeyArgument(account)
  const { forgetPasskeys } = await import('./known-passkeys.js')
  forgetPasskeys(own)
}

/** What is accepted of passkeys. */
export interface WebAuthnVerifierOptions {
  /**
   * Origins that may sign for another domain than their own, such as `https://login.example.com`. That of the capability's
   * domain always may, on https, or on http if it is localhost.
   */
  origins?: readonly string[]
  /** Names (RP IDs) for which passkeys may be made, besides the domain's host and its parent domains. */
  rpIds?: readonly string[]
  /** Whether the authenticator must have checked who was there; true by default. */
  requireUserVerification?: boolean
}

/**
 * Verifiers for capabilities that passkeys sign, in the format of `@didtools/key-webauthn`: `webauthn:p256`. They need no
 * network. What they check: that the passkey of the issuer signed this very capability, on its domain (`ERR_CAPABILITY_DOMAIN`),
 * with somebody there who was verified (`ERR_CAPABILITY_SIGNATURE`). Which domains are trusted is for `verifyCacao` to check.
 *
 * @example
 * const cacao = await verifyCacao(json, { verifiers: webauthnVerifiers(), domains: ['app.example.com'] })
 */
export function webauthnVerifiers({
  origins = [],
  rpIds = [],
  requireUserVerification = true,
}: WebAuthnVerifierOptions = {}): { 'webauthn:p256': CacaoVerifier } {
  const rules = {
    origins: namesArgument(origins, 'origins'),
    rpIds: namesArgument(rpIds, 'rpIds'),
    requireUserVerification: requireUserVerification !== false,
  }
  return {
    async 'webauthn:p256'(cacao, options) {
      const { verifyWebAuthn } = await import('./verify.js')
      await verifyWebAuthn(cacao, options, rules)
    },
  }
}

function namesArgument(names: readonly string[], option: string): readonly string[] {
  if (Array.isArray(names) && names.every((name) => typeof name === 'string' && name !== ''))
    return [...names]
  throw new TypeError(`${option} must be an array of strings`)
}

function passkeyArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (isPasskeyAccount(account)) return account
  throw new TypeError(`account must be a passkey's did:key (did:key:zDn…), not ${account}`)
}

function isPasskeyAccount(account: string): boolean {
  return parseDIDKey(account)?.type === 'P-256'
}
