import type { AccountInput } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import type { DIDSession } from '../session/did-session.js'
import type { RenewOptions } from '../session/options.js'
import type { SignInOptions } from './options.js'

/** Who signs in, and how: what a function that asks the wallet for its account gives. */
export interface SignIn {
  readonly account: AccountInput
  readonly authMethod: AuthMethod
}

/**
 * What a person does. Each is the same function in every render. What goes wrong is not thrown but told as `error`, so that
 * a click handler needn't catch; only a wrong argument rejects, with a `TypeError`.
 */
export interface SessionActions {
  /**
   * Takes up the account's session, or else has the wallet sign a new one, and gives it; `undefined` if that failed, was
   * aborted by `signal`, or was given up by `signOut`: the status is then what it was before, with `error`. Given a function,
   * the wallet's prompt to connect belongs to `signing-in` too. While a sign-in is under way, another call joins it; one for
   * another account takes its place.
   *
   * @example
   * signIn(async () => {
   *   const account = await ethereumAccount(window.ethereum)
   *   return { account, authMethod: ethereumAuth(window.ethereum, account) }
   * })
   */
  signIn(find: () => SignIn | Promise<SignIn>, options?: SignInOptions): Promise<DIDSession | undefined>
  signIn(
    account: AccountInput,
    authMethod: AuthMethod,
    options?: SignInOptions,
  ): Promise<DIDSession | undefined>
  /**
   * Signs the account out on this device, in all tabs, and gives up a sign-in that is under way. Gives whether nobody is
   * signed in any more: not if the store failed; see `error`.
   */
  signOut(): Promise<boolean>
  /**
   * Has the wallet sign the session that takes this one's place, also of one that has just expired, and gives it; `undefined`
   * if that failed: see `error`. The session works until then. Takes what `session.renew` takes.
   */
  renew(authMethod: AuthMethod, options?: RenewOptions): Promise<DIDSession | undefined>
  /** Looks again for a session, after status `error`. */
  retry(): void
}
