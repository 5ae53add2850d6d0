import { type Clock, systemClock } from '../base/clock.js'
import { indexedDBStore } from '../store/indexeddb.js'
import type { SessionStore } from '../store/store.js'
import type { StoreOptions } from './options.js'

const DEFAULT_NAMESPACE = 'default'

// Shared by all that runs in this page or process: two stores over one database would be two connections. Where
// IndexedDB refuses a session, a store in memory joins it.
const defaultStores: SessionStore[] = [indexedDBStore()]

/** Where the options say that sessions are kept. */
export interface Place {
  /** Best first. */
  readonly stores: SessionStore[]
  /** Whether the caller chose the store: then its failures are the caller's to know. */
  readonly isChosen: boolean
  readonly namespace: string
  readonly anyChain: boolean
  readonly now: Clock
  /** Whether this is where did-session 4 would have kept its sessions. */
  readonly isShared: boolean
  /** The rest of what it takes, loaded when it is asked for. */
  onDemand(): Promise<typeof import('./on-demand.js')>
}

/** Reads the options. Throws a `TypeError` that names the wrong one. */
export function placeOf({
  store,
  namespace = DEFAULT_NAMESPACE,
  anyChain = false,
  now = systemClock,
}: StoreOptions): Place {
  if (typeof namespace !== 'string' || namespace === '')
    throw new TypeError('namespace must be a non-empty string')
  if (typeof now !== 'function') throw new TypeError('now must be a function that gives milliseconds')
  if (store && !('readKey' in store))
    throw new TypeError('store must be a SessionStore: wrap it with stringStore(…) from cacao-session/stores')
  return {
    stores: store ? [store] : defaultStores,
    isChosen: store !== undefined,
    namespace,
    anyChain,
    now,
    isShared: !store && namespace === DEFAULT_NAMESPACE,
    onDemand: () => import('./on-demand.js'),
  }
}
