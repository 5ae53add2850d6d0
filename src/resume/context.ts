import { hasOwnStorage } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { type Clock, systemClock } from '../base/time.js'
import { type SessionKey, subtleCrypto } from '../key/session-key.js'
import type { StoreOptions, TrustOptions } from '../options/session-options.js'
import { indexedDBStore } from '../store/indexeddb-store.js'
import type { SessionRecord, SessionStore } from '../store/store.js'

const DEFAULT_NAMESPACE = 'default'

/** Where sessions are stored, and what must hold for those that are taken up there. */
export interface SessionContext {
  /** The best comes first. */
  readonly stores: SessionStore[]
  /** Whether the caller chose the store: then the caller is told of its failures. */
  readonly isChosen: boolean
  readonly namespace: string
  readonly anyChain: boolean
  readonly now: Clock
  readonly checks: Trust
  /** Whether did-session 4 would have stored its sessions in the same place. */
  readonly isDefault: boolean
  readonly shared: SharedState
}

/**
 * What all that use one store and namespace in this page have in common. Files above keep what they share by this object.
 */
interface SharedState {
  /**
   * Sessions by the did:key of their key, which was found to be what that names. What is stored of a session is only ever removed,
   * never changed, so it is read once, unless the caller asks for checks.
   */
  readonly sessions: Map<string, KnownSession>
}

/** A session that was read from a store and checked. */
interface KnownSession {
  readonly key: SessionKey
  readonly record: SessionRecord
}

type Read<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** What is believed of a stored session, after the options were read. */
export type Trust = Read<TrustOptions>

/** Options that say where sessions are stored and what is believed of them, after they were read. */
export type ContextOptions = Read<StoreOptions & TrustOptions>

// One for the page: two stores over one database would be two connections. Where IndexedDB refuses a session, a store in
// memory is added.
const defaultStores: [SessionStore, ...SessionStore[]] = [indexedDBStore()]
const sharedStates = new WeakMap<SessionStore, Map<string, SharedState>>()

/**
 * The context that the options name. Throws `ERR_ENVIRONMENT` on a page without WebCrypto, where no session can sign; and if
 * they name no store outside of browsers: the requests of a server would share one store, and so each other's sessions.
 */
export function contextOf({
  store,
  namespace = DEFAULT_NAMESPACE,
  anyChain = false,
  now = systemClock,
  verifiers,
  domains,
  revocation,
}: ContextOptions): SessionContext {
  subtleCrypto()
  if (!store && !hasOwnStorage())
    throw new SessionError(
      'ERR_ENVIRONMENT',
      'no browser here keeps sessions for one person: pass a store, such as fileStore(path), or use DIDSession.authorize and fromSession',
    )
  return {
    stores: store ? [store] : defaultStores,
    isChosen: store !== undefined,
    namespace,
    anyChain,
    now,
    checks: { verifiers, domains, revocation },
    isDefault: !store && namespace === DEFAULT_NAMESPACE,
    shared: sharedStateOf(store ?? defaultStores[0], namespace),
  }
}

/**
 * The same for taking up what is stored there. Throws a `TypeError` if others can write into the store and the options don't
 * say whose signatures and which sites are believed.
 */
export function trustingContextOf(options: ContextOptions): SessionContext {
  const context = contextOf(options)
  const { verifiers, domains } = context.checks
  if (context.stores.some(({ writableByOthers }) => writableByOthers) && !(verifiers && domains))
    throw new TypeError(
      'others can write into this store: verifiers and domains must say what is believed: { store, verifiers: ethereumVerifiers(), domains: ["app.example.com"] }',
    )
  return context
}

/** The store that is used without a choice. It is also known where it can't be used, as while a server renders a page. */
export function defaultStore(): SessionStore {
  return defaultStores[0]
}

function sharedStateOf(store: SessionStore, namespace: string): SharedState {
  const states = sharedStates.get(store) ?? new Map<string, SharedState>()
  sharedStates.set(store, states)
  const state = states.get(namespace) ?? { sessions: new Map() }
  states.set(namespace, state)
  return state
}
