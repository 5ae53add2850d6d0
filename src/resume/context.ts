import { hasOwnStorage } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { type Clock, systemClock } from '../base/time.js'
import type { StoreOptions, TrustOptions } from '../options/session-options.js'
import { indexedDBStore } from '../store/indexeddb-store.js'
import type { SessionStore } from '../store/store.js'

const DEFAULT_NAMESPACE = 'default'

// Shared by all that runs in this page: two stores over one database would be two connections. Where IndexedDB refuses a
// session, a store in memory joins it.
const defaultStores: [SessionStore, ...SessionStore[]] = [indexedDBStore()]

/** Where the options say that sessions are kept, and what must hold for those that are taken up there. */
export interface Place {
  /** Best first. */
  readonly stores: SessionStore[]
  /** Whether the caller chose the store: then its failures are the caller's to know. */
  readonly isChosen: boolean
  readonly namespace: string
  readonly anyChain: boolean
  readonly now: Clock
  readonly checks: TrustOptions
  /** Whether this is where did-session 4 would have kept its sessions. */
  readonly isShared: boolean
  /** The rest of what it takes, loaded when it is asked for. */
  onDemand(): Promise<typeof import('../session/on-demand.js')>
}

/** Options that say where, once they are read. */
export type PlaceOptions = {
  readonly [K in keyof (StoreOptions & TrustOptions)]?: (StoreOptions & TrustOptions)[K] | undefined
}

/**
 * The place that the options name. Throws `ERR_ENVIRONMENT` where they name no store and there is none of one person's own:
 * a store that a server's requests share would be everybody's.
 */
export function placeOf({
  store,
  namespace = DEFAULT_NAMESPACE,
  anyChain = false,
  now = systemClock,
  verifiers,
  domains,
  isRevoked,
}: PlaceOptions): Place {
  if (!store && !hasOwnStorage())
    throw new SessionError(
      'ERR_ENVIRONMENT',
      'there is no browser here that keeps sessions for one person: pass a store, such as fileStore(path) or stringStore(cookieStore(request, { secret })), or use DIDSession.authorize and fromSession',
    )
  return {
    stores: store ? [store] : defaultStores,
    isChosen: store !== undefined,
    namespace,
    anyChain,
    now,
    checks: {
      ...(verifiers && { verifiers }),
      ...(domains && { domains }),
      ...(isRevoked && { isRevoked }),
    },
    isShared: !store && namespace === DEFAULT_NAMESPACE,
    onDemand: () => import('../session/on-demand.js'),
  }
}

/**
 * The same for whoever takes up what is stored there. Throws a `TypeError` if others can write into the store, and the
 * options don't say whose signatures and which sites are believed.
 */
export function believedPlaceOf(options: PlaceOptions): Place {
  const place = placeOf(options)
  const { verifiers, domains } = place.checks
  if (place.stores.some(({ writableByOthers }) => writableByOthers) && !(verifiers && domains))
    throw new TypeError(
      'others can write into this store: verifiers and domains must say what is believed: { store, verifiers: ethereumVerifiers(), domains: ["app.example.com"] }',
    )
  return place
}

/** The store that there is without a choice: known also where it can't be used, as while a server renders a page. */
export function defaultStore(): SessionStore {
  return defaultStores[0]
}
