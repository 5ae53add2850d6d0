import { useContext, useMemo, useSyncExternalStore } from 'react'
import type { DIDSession } from '../session/did-session.js'
import { meaningOf, type SessionOptions, storeOf } from './options.js'
import { signInRequest } from './pending-sign-in.js'
import { findLive, liveSession, ProvidedContext, type Subject, useLatest } from './provider.js'
import type { SessionActions } from './session-state.js'
import { LOADING, type SessionState } from './session-state.js'

/** The state, and what a person can do about it. */
export type UseSession = SessionState & SessionActions

const loading = (): SessionState => LOADING

/**
 * The person's session, shared by all components that ask for the same: it loads once, the wallet asks once, and whatever
 * happens to it in any tab renders anew. Options given here take the place of the provider's, each by its name; without a
 * provider they must name resources or abilities. Renders `loading` on the server and while hydrating. A wrong option throws
 * a `TypeError`.
 *
 * @example
 * const { status, session, signIn, signOut, error } = useSession()
 * if (status === 'signed-in' || status === 'expiring') return <Notes session={session} onLeave={signOut} />
 */
export function useSession(options?: Partial<SessionOptions>): UseSession {
  const provided = useContext(ProvidedContext)
  const own = useLatest(options)
  const asked: SessionOptions = { ...provided?.options, ...options }
  const meaning = meaningOf(asked)
  const store = storeOf(asked)

  const { subscribe, look, actions } = useMemo(() => {
    const latest = (): SessionOptions => ({ ...provided?.latest.current, ...own.current })
    return bind({ store, meaning, latest })
  }, [provided, own, meaning, store])
  const state = useSyncExternalStore(subscribe, look, loading)
  return useMemo(() => ({ ...state, ...actions }), [state, actions])
}

interface Bound {
  readonly subscribe: (listener: () => void) => () => void
  readonly look: () => SessionState
  readonly actions: SessionActions
}

// Nothing is made before someone subscribes or acts: on a server, nobody does.
function bind(subject: Subject): Bound {
  const { latest } = subject
  const signIn = async (...args: Parameters<typeof signInRequest>): Promise<DIDSession | undefined> =>
    liveSession(subject).signIn(latest(), signInRequest(...args))
  return {
    subscribe: (listener) => liveSession(subject).subscribe(listener),
    look: () => findLive(subject)?.state ?? LOADING,
    actions: {
      signIn,
      signOut: () => liveSession(subject).signOut(latest()),
      renew: (authMethod, options) => liveSession(subject).renew(latest(), authMethod, options),
      retry: () => findLive(subject)?.retry(),
    },
  }
}
