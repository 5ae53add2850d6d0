import { useContext, useMemo, useSyncExternalStore } from 'react'
import type { DIDSession } from '../session/did-session.js'
import { optionsKey, type SessionOptions, storeOf } from './options.js'
import {
  findSessionController,
  SessionContext,
  type SessionSource,
  sessionController,
  useLatest,
} from './provider.js'
import { signInRequest } from './session-controller.js'
import { LOADING, type SessionActions, type SessionState } from './session-state.js'

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
  const context = useContext(SessionContext)
  const own = useLatest(options)
  const merged: SessionOptions = { ...context?.options, ...options }
  const key = optionsKey(merged)
  const store = storeOf(merged)

  const { subscribe, getSnapshot, actions } = useMemo(() => {
    const latest = (): SessionOptions => ({ ...context?.latest.current, ...own.current })
    return bindActions({ store, key, latest })
  }, [context, own, key, store])
  const state = useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot)
  return useMemo(() => ({ ...state, ...actions }), [state, actions])
}

const getServerSnapshot = (): SessionState => LOADING

interface Bound {
  readonly subscribe: (listener: () => void) => () => void
  readonly getSnapshot: () => SessionState
  readonly actions: SessionActions
}

// The controller is only created once a component subscribes or acts, which never happens on a server.
function bindActions(source: SessionSource): Bound {
  const { latest } = source
  const signIn = async (...args: Parameters<typeof signInRequest>): Promise<DIDSession | undefined> =>
    sessionController(source).signIn(latest(), signInRequest(...args))
  return {
    subscribe: (listener) => sessionController(source).subscribe(listener),
    getSnapshot: () => findSessionController(source)?.state ?? LOADING,
    actions: {
      signIn,
      signOut: () => sessionController(source).signOut(latest()),
      renew: (authMethod, options) => sessionController(source).renew(latest(), authMethod, options),
      retry: () => findSessionController(source)?.retry(),
    },
  }
}
