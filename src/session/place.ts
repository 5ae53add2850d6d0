import { type Clock, systemClock } from '../base/clock.js'
import type { Cacao } from '../capability/cacao.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { indexedDBStore } from '../store/indexeddb.js'
import type { Persistence, SessionStore } from '../store/store.js'
import type { HeldSession } from './held-session.js'
import type { StoreOptions } from './options.js'

const DEFAULT_NAMESPACE = 'default'
const DID_SESSION_4_DATABASE = 'did-session'

const onDemand = () => import('./on-demand.js')

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
  /** The session of a seed that a store of strings kept; `undefined` unless the capability was granted to its key. */
  ofSeed(stored: unknown, cacao: Cacao, persistence: Persistence): Promise<HeldSession | undefined>
  /** Whether the capability is signed, by these verifiers. */
  isSigned(cacao: Cacao, verifiers: Verifiers): Promise<boolean>
  /** Takes over what did-session 4 left here, of all accounts or one; says how many sessions that were. */
  adopt(account: string | undefined, verifiers: Verifiers | undefined): Promise<number>
  /** Removes what did-session 4 left here of the account. */
  forget(account: string): Promise<void>
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
  const stores = store ? [store] : defaultStores
  const isChosen = store !== undefined
  const isShared = !isChosen && namespace === DEFAULT_NAMESPACE
  const place: Place = {
    stores,
    isChosen,
    namespace,
    anyChain,
    now,
    async ofSeed(stored, cacao, persistence) {
      const { sessionOfSeed } = await onDemand()
      return sessionOfSeed(stored, cacao, persistence)
    },
    async isSigned(cacao, verifiers) {
      const { verifySignature } = await onDemand()
      return verifySignature(cacao, verifiers, now()).then(
        () => true,
        () => false,
      )
    },
    async adopt(account, verifiers) {
      if (!isShared || !(await mayHoldDIDSession4())) return 0
      try {
        const { adoptDIDSession4 } = await onDemand()
        return await adoptDIDSession4(place, account, verifiers)
      } catch {
        // Whatever is wrong with what another library left, one can still sign in.
        return 0
      }
    },
    async forget(account) {
      if (!isShared || !(await mayHoldDIDSession4())) return
      const { forgetDIDSession4 } = await onDemand()
      await forgetDIDSession4(account)
    },
  }
  return place
}

// Spares a signed-out page the loading of what would only find out that did-session 4 never ran here.
async function mayHoldDIDSession4(): Promise<boolean> {
  try {
    const { indexedDB } = globalThis
    // Firefox before 126 can't list its databases.
    if (typeof indexedDB?.databases !== 'function') return indexedDB !== undefined
    return (await indexedDB.databases()).some(({ name }) => name === DID_SESSION_4_DATABASE)
  } catch {
    return false
  }
}
