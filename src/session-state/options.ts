import { type AccountInput, accountArgument } from '../base/account.js'
import { check, quantityOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import { canonicalJSON } from '../capability/canonical-json.js'
import { SESSION_READERS } from '../options/read-grant-options.js'
import type { GetOptions, ListOptions, ResumeOptions, StoreOptions } from '../options/session-options.js'
import { defaultStore } from '../resume/context.js'
import type { SessionStore } from '../store/store.js'

/**
 * Options of `useSession`, and of what provides options to the components below it: those of `DIDSession.get` and
 * `load`. They may be new objects each time, except for `store`, which must stay the same: create it once, outside
 * of components.
 */
export interface SessionOptions extends Omit<GetOptions, 'signal'> {
  /** The account whose session is loaded; by default the one that was used last. */
  account?: AccountInput | undefined
  /** Seconds before the session expires from which the status is `expiring`; 300 by default. */
  leadSecs?: number
}

/**
 * Options of one sign-in: those of `DIDSession.get`, except for the ones that are the same for all sessions
 * of the app.
 */
export interface SignInOptions
  extends Omit<
    GetOptions,
    | 'resources'
    | 'abilities'
    | 'store'
    | 'namespace'
    | 'anyChain'
    | 'now'
    | 'verifiers'
    | 'domains'
    | 'revocation'
  > {}

const DEFAULT_LEAD_SECS = 300

/** Seconds before a session expires from which its status is `expiring`. */
export function leadSecsOf(options: SessionOptions): number {
  return quantityOption(options.leadSecs ?? DEFAULT_LEAD_SECS, 'leadSecs')
}

/** The store in the options, or else the default store of the page. A server that renders uses neither. */
export function storeOf({ store = defaultStore() }: SessionOptions): SessionStore {
  return store
}

/** The options that say where sessions are stored, which `DIDSession.remove` takes. */
export function placeOptions(options: SessionOptions): StoreOptions {
  return pick(options, ['store', 'namespace', 'anyChain', 'now'])
}

/** These, and the options that say which sessions are trusted, which `DIDSession.list` takes. */
export function listOptions(options: SessionOptions): ListOptions {
  return { ...placeOptions(options), ...pick(options, ['verifiers', 'domains', 'revocation']) }
}

/** These, and the options that say what the session must allow, which `DIDSession.load` takes. */
export function resumeOptions(options: SessionOptions): ResumeOptions {
  const { resources = [], ...asked } = pick(options, ['resources', 'abilities', 'minValiditySecs'])
  return { ...listOptions(options), ...asked, ...(resources.length > 0 && { resources }) }
}

function pick<T extends object, K extends keyof T>(options: T, names: readonly K[]): Pick<T, K> {
  const own = names.filter((name) => Object.hasOwn(options, name))
  return Object.fromEntries(own.map((name) => [name, options[name]])) as Pick<T, K>
}

const READERS: ReadersOf<SessionOptions> = {
  ...SESSION_READERS,
  account: setting((account: unknown) => accountArgument(account as AccountInput)),
  leadSecs: check(quantityOption),
}

/**
 * Returns a key that is the same for options that ask for the same sessions, whatever else they say about how
 * to sign in. Throws a `TypeError` that names the wrong option, or says that options are missing because the `provider`
 * is.
 */
export function optionsKey(options: SessionOptions, provider: string): string {
  const given = readOptions<SessionOptions>(options, READERS)
  const { account, resources = [], abilities, verifiers = {}, domains = [], revocation } = given
  const { namespace = 'default', anyChain = false, minValiditySecs = 0 } = given
  const key = canonicalJSON([
    account === undefined ? null : String(account),
    [...resources].sort(),
    abilities ?? null,
    namespace,
    anyChain,
    minValiditySecs,
    leadSecsOf(given),
    Object.keys(verifiers).sort(),
    typeof domains === 'function' ? 'a function' : [...domains].sort(),
    revocation !== undefined,
  ])
  if (key === undefined) throw new TypeError('abilities must be made of objects, arrays and strings only')
  if (resources.length === 0 && abilities === undefined)
    throw new TypeError(`useSession needs ${provider} above it, or the option resources or abilities`)
  return key
}
