import type { AccountInput } from '../base/account.js'
import type { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import type { RenewOptions } from '../options/session-options.js'
import type { DIDSession } from '../session/did-session.js'
import type { SignInOptions } from './options.js'

/** The state of the session. Switch on `status`. */
export type SessionState =
  /** Not loaded yet: on the server, while hydrating, and for a moment after. */
  | State<'loading', { session: undefined; account: undefined; error: undefined }>
  /** `account` is set if its session has expired; `error` says why the last action failed. */
  | State<'signed-out', { session: undefined; account: string | undefined; error: SessionError | undefined }>
  /** The wallet is being asked. A previous session still works in the meantime. */
  | State<
      'signing-in',
      { session: DIDSession | undefined; account: string | undefined; error: undefined; isRenewing: boolean }
    >
  | State<'signed-in' | 'expiring', Held>
  /** The store, or the chain of a contract account, cannot be reached: call `retry`, or sign in. */
  | State<'error', { session: undefined; account: undefined; error: SessionError }>

interface Held {
  session: DIDSession
  account: string
  error: SessionError | undefined
  isRenewing: boolean
}

type State<Status, Rest> = Readonly<
  {
    status: Status
    /** A CAIP-10 id, or a did:key. */
    account: string | undefined
    /** Whether the wallet is being asked to renew the session. */
    isRenewing: boolean
  } & Rest
>

/** The state without pending prompts of the wallet. */
export type ObservedState = Exclude<SessionState, { status: 'signing-in' }>

export const LOADING: ObservedState = {
  status: 'loading',
  session: undefined,
  account: undefined,
  error: undefined,
  isRenewing: false,
}

/** Combines the observed state with the pending prompts of the wallet and the last error. */
export function stateOf(
  observed: ObservedState,
  { isSigningIn, isRenewing }: { isSigningIn: boolean; isRenewing: boolean },
  error: SessionError | undefined,
): SessionState {
  const { session, account } = observed
  // For the person, renewing an expired session is a sign-in.
  if (isSigningIn || (isRenewing && !session))
    return { status: 'signing-in', session, account, error: undefined, isRenewing }
  if (observed.status === 'loading') return observed
  return { ...observed, isRenewing, ...(error && { error }) }
}

/** The account that signs in, and its auth method: what a function that is passed to `signIn` returns. */
export interface SignIn {
  readonly account: AccountInput
  readonly authMethod: AuthMethod
}

/**
 * The actions that a person can take. Each of them is the same function in every render. They do not throw
 * errors but set `error`, so that a click handler need not catch them. Only a wrong argument rejects, with a
 * `TypeError`.
 */
export interface SessionActions {
  /**
   * Resumes the stored session of the account, or else has the wallet sign a new one, and resolves with it.
   * Resolves with `undefined` if that failed, or if it was aborted by `signal` or by `signOut`; the status is
   * then what it was before, and `error` says why, unless it was aborted. If you pass a function, the prompt
   * to connect the wallet is part of `signing-in` too. While a sign-in is pending, another call shares it,
   * and a call for another account replaces it.
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
   * Signs the account out on this device, in all tabs, and aborts a pending sign-in. Resolves with `false`,
   * and sets `error`, if the store failed and the person may still be signed in.
   */
  signOut(): Promise<boolean>
  /**
   * Has the wallet sign a new session that replaces the current one, or one that has just expired, and
   * resolves with it. Resolves with `undefined` if that failed; `error` says why. The current session works
   * until then. Takes the options of `session.renew`.
   */
  renew(authMethod: AuthMethod, options?: RenewOptions): Promise<DIDSession | undefined>
  /** Loads the session again after status `error`. */
  retry(): void
}
