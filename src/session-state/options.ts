import { type AccountInput, accountArgument } from '../base/account.js'
import { check, quantityOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import { canonicalJSON } from '../capability/canonical-json.js'
import { SESSION_READERS } from '../options/read-grant-options.js'
import type { GetOptions, ListOptions, ResumeOptions, StoreOptions } from '../options/session-options.js'
import { defaultStore } from '../resume/context.js'
import type { SessionStore } from '../store/store.js'

/**
 * Options of `useSession`, and of the provider that sets options for the components below it: the options of
 * `DIDSession.get` and `load`. You may pass new objects each time, except for `store`: create it once, outside of
 * components.
 */
export interface SessionOptions extends Omit<GetOptions, 'signal'> {
  /** The account whose session is loaded; by default the account that was used last. */
  account?: AccountInput | undefined
  /** How many seconds before the session expires the status becomes `expiring`; 300 by default. */
  leadSecs?: number
}

/**
 * Options of one sign-in: the options of `DIDSession.get`, without those that are the same for all sessions of the app.
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

/** How many seconds before the session expires its status becomes `expiring`. */
export function leadSecsOf(options: SessionOptions): number {
  return quantityOption(options.leadSecs ?? DEFAULT_LEAD_SECS, 'leadSecs')
}

/** The store in the options, or else the default store of the page. While a server renders, neither is used. */
export function storeOf({ store = defaultStore() }: SessionOptions): SessionStore {
  return store
}

/** The options that say where sessions are stored, which `DIDSession.remove` takes. */
export function placeOptions(options: SessionOptions): StoreOptions {
  return pick(options, ['store', 'namespace', 'anyChain', 'now'])
}

/** The options that `DIDSession.list` takes: those of `placeOptions`, and those that say which sessions are trusted. */
export function listOptions(options: SessionOptions): ListOptions {
  return { ...placeOptions(options), ...pick(options, ['verifiers', 'domains', 'revocation']) }
}

/** The options that `DIDSession.load` takes: those of `listOptions`, and those that say what the session must allow. */
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
 * Returns a key that is the same for all options that ask for the same sessions. Options that only matter while signing
 * in do not change the key, and functions are not compared: not the verifiers of a kind, not a function for `domains`,
 * and not the revocation. Throws a `TypeError` that names the wrong option. If both `resources` and `abilities` are
 * missing, the error begins with `missing`, which says who needs them, and perhaps where else they can be set.
 */
export function optionsKey(options: SessionOptions, missing: string): string {
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
  if (key === undefined) throw new TypeError('abilities must contain only objects, arrays and strings')
  if (resources.length === 0 && abilities === undefined)
    throw new TypeError(
      `${missing} the option resources or abilities: { resources: ["https://api.example.com/notes/*"] }`,
    )
  return key
}
