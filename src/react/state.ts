import type { SessionError } from '../base/errors.js'
import type { DIDSession } from '../session/did-session.js'

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
