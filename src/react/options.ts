import { type AccountInput, accountArgument } from '../base/account.js'
import { canonicalJSON } from '../capability/canonical-json.js'
import { type GetOptions, resourcesArgument, secondsArgument } from '../session/options.js'
import { placeOf } from '../session/place.js'
import type { SessionStore } from '../store/store.js'

/**
 * What an app's sessions are for: what `DIDSession.get` and `load` take. They may be new objects in every render. `store` is
 * the one that must be the same, so make it once, outside of components.
 */
export interface SessionOptions extends Omit<GetOptions, 'signal'> {
  /** Whose session is loaded; the one used last by default. */
  account?: AccountInput | undefined
  /** Seconds before the expiry in which the status is `expiring`; 300 by default. */
  leadSecs?: number
}

/** How this one sign-in differs: all of `DIDSession.get`'s options but those that say what the app's sessions are for. */
export interface SignInOptions
  extends Omit<
    GetOptions,
    'resources' | 'abilities' | 'store' | 'namespace' | 'anyChain' | 'now' | 'verifiers'
  > {}

const DEFAULT_LEAD_SECS = 300

/** Seconds before the expiry in which a session is about to expire. */
export function leadSecsOf(options: SessionOptions): number {
  return secondsArgument(options, 'leadSecs', DEFAULT_LEAD_SECS)
}

/** The store that the options name, or else the one that all pages have. Throws a `TypeError` if it is none. */
export function storeOf(options: SessionOptions): SessionStore {
  const [store] = placeOf(options).stores
  if (!store) throw new TypeError('no store')
  return store
}

/**
 * The same text for options that mean the same sessions, whatever else they say about how to sign in. Throws a `TypeError`
 * that names the wrong one.
 */
export function meaningOf(options: SessionOptions): string {
  const { account, resources = [], abilities, verifiers = {} } = options
  const { namespace, anyChain } = placeOf(options)
  const meaning = canonicalJSON([
    account === undefined ? null : accountArgument(account),
    resourcesArgument(resources).sort(),
    abilities ?? null,
    namespace,
    anyChain,
    secondsArgument(options, 'minValiditySecs', 0),
    leadSecsOf(options),
    Object.keys(verifiers).sort(),
  ])
  if (meaning === undefined) throw new TypeError('abilities must be made of objects, arrays and texts')
  if (resources.length === 0 && abilities === undefined)
    throw new TypeError(
      'useSession needs a SessionProvider above it, or options: resources or abilities that the session is for',
    )
  return meaning
}
