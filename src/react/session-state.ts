import type { AccountInput } from '../base/account.js'
import type { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import type { RenewOptions } from '../options/session-options.js'
import type { DIDSession } from '../session/did-session.js'
import type { SignInOptions } from './options.js'
/** What a page knows of the person's session. Switch on `status`. */
export type SessionState =
  /** Nobody has looked yet: on the server, while hydrating, and for a moment after. */
  | State<'loading', { session: undefined; account: undefined; error: undefined }>
  /** `account` is remembered if its session has expired; `error` says why the last action failed. */
  | State<'signed-out', { session: undefined; account: string | undefined; error: SessionError | undefined }>
  /** The wallet is being asked. A session that there was before goes on meanwhile. */
  | State<
      'signing-in',
      { session: DIDSession | undefined; account: string | undefined; error: undefined; isRenewing: boolean }
    >
  | State<'signed-in' | 'expiring', Held>
  /** The store can't be read, or an account's chain can't be asked: `retry`, or sign in. */
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
    /** CAIP-10 id, or a did:key. */
    account: string | undefined
    /** Whether `renew` is asking the wallet. */
    isRenewing: boolean
  } & Rest
>

/** What is known while nobody is being asked. */
export type KnownState = Exclude<SessionState, { status: 'signing-in' }>

export const LOADING: KnownState = {
  status: 'loading',
  session: undefined,
  account: undefined,
  error: undefined,
  isRenewing: false,
}

/** What is known, and what the person is being asked, as one state. */
export function stateOf(
  known: KnownState,
  { isSigningIn, isRenewing }: { isSigningIn: boolean; isRenewing: boolean },
  error: SessionError | undefined,
): SessionState {
  const { session, account } = known
  // A renewal of what has expired is a sign-in to the person.
  if (isSigningIn || (isRenewing && !session))
    return { status: 'signing-in', session, account, error: undefined, isRenewing }
  if (known.status === 'loading') return known
  return { ...known, isRenewing, ...(error && { error }) }
}

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
