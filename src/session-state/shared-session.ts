import type { DIDSession } from '../session/did-session.js'
import type { SessionStore } from '../store/store.js'
import type { SessionOptions } from './options.js'
import { SessionController, signInRequest } from './session-controller.js'
import { LOADING, type SessionActions, type SessionState } from './session-state.js'

/** Which session a component uses: the session in this store, for options with this key. */
export interface SessionSource {
  readonly store: SessionStore
  readonly key: string
  /** Returns the options as they are now. */
  readonly latest: () => SessionOptions
}

/** A session that several components share: its state, and its actions. */
export interface SharedSession {
  /** The same object until something changes. Throws the `TypeError` if loading showed that an option is wrong. */
  readonly state: SessionState
  readonly actions: SessionActions
  /** Calls the listener after each change. The session is loaded and observed while there are listeners. */
  subscribe(listener: () => void): () => void
}

/**
 * Returns the session of the source. Nothing is loaded until a component subscribes or calls an action, which never
 * happens on a server.
 */
export function sharedSession(source: SessionSource): SharedSession {
  const { latest } = source
  const signIn = async (...args: Parameters<typeof signInRequest>): Promise<DIDSession | undefined> =>
    sessionController(source).signIn(latest(), signInRequest(...args))
  return {
    get state() {
      return findController(source)?.state ?? LOADING
    },
    actions: {
      signIn,
      signOut: () => sessionController(source).signOut(latest()),
      renew: (authMethod, options) => sessionController(source).renew(latest(), authMethod, options),
      retry: () => findController(source)?.retry(),
    },
    subscribe: (listener) => sessionController(source).subscribe(listener),
  }
}

// All components with the same store and key share a controller. It is kept while one of them is mounted or a prompt is
// pending.
const controllers = new WeakMap<SessionStore, Map<string, SessionController>>()

/** The controller for the source, if there is one. */
function findController({ store, key }: SessionSource): SessionController | undefined {
  return controllers.get(store)?.get(key)
}

/** The controller for the source, which is created if there is none. */
function sessionController(source: SessionSource): SessionController {
  const { store, key, latest } = source
  const found = findController(source)
  if (found) return found
  const own = controllers.get(store) ?? new Map<string, SessionController>()
  controllers.set(store, own)
  const created: SessionController = new SessionController(latest(), () => {
    if (own.get(key) === created) own.delete(key)
  })
  own.set(key, created)
  return created
}
