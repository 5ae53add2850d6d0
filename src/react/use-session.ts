import { useContext, useMemo, useSyncExternalStore } from 'react'
import { optionsKey, type SessionOptions, storeOf } from '../session-state/options.js'
import { LOADING, type SessionActions, type SessionState } from '../session-state/session-state.js'
import { type SharedSession, sharedSession } from '../session-state/shared-session.js'
import { SessionContext, useLatest } from './provider.js'

/** The state of the session, and the actions that a person can take. */
export type UseSession = SessionState & SessionActions

/**
 * Returns the session, which all components with equivalent options share: it loads once, the wallet asks once, and any
 * change, in any tab, renders the components again. Options given here replace those of the provider, one by one.
 * Without a provider they must have `resources` or `abilities`. Renders `loading` on the server and while hydrating.
 * Throws a `TypeError` for a wrong option.
 *
 * @example
 * const { status, session, signIn, signOut, error } = useSession()
 * if (status === 'signed-in' || status === 'expiring') return <Notes session={session} onLeave={signOut} />
 */
export function useSession(options?: Partial<SessionOptions>): UseSession {
  const session = useSharedSession(options)
  const state = useSyncExternalStore(session.subscribe, () => session.state, getServerSnapshot)
  return useMemo(() => ({ ...state, ...session.actions }), [state, session])
}

const getServerSnapshot = (): SessionState => LOADING

/** The session that the component shares with others. It only changes if the options ask for another one. */
export function useSharedSession(options?: Partial<SessionOptions>): SharedSession {
  const context = useContext(SessionContext)
  const own = useLatest(options)
  const merged: SessionOptions = { ...context?.options, ...options }
  const key = optionsKey(merged, 'a SessionProvider')
  const store = storeOf(merged)
  return useMemo(() => {
    const latest = (): SessionOptions => ({ ...context?.latest.current, ...own.current })
    return sharedSession({ store, key, latest })
  }, [context, own, key, store])
}
