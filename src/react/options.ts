import { type AccountInput, accountArgument } from '../base/account.js'
import { check, secondsOption, setting } from '../base/options.js'
import { canonicalJSON } from '../capability/canonical-json.js'
import { SESSION_READERS } from '../options/read-grant-options.js'
import { givenOptions, type ReadersOf } from '../options/read-options.js'
import type { GetOptions, ListOptions, ResumeOptions, StoreOptions } from '../options/session-options.js'
import { secondsArgument } from '../options/session-options.js'
import { defaultStore } from '../resume/context.js'
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
    | 'resources'
    | 'abilities'
    | 'store'
    | 'namespace'
    | 'anyChain'
    | 'now'
    | 'verifiers'
    | 'domains'
    | 'isRevoked'
  > {}

const DEFAULT_LEAD_SECS = 300

/** Seconds before the expiry in which a session is about to expire. */
export function leadSecsOf(options: SessionOptions): number {
  return secondsArgument(options, 'leadSecs', DEFAULT_LEAD_SECS)
}

/** The store that the options name, or else the one that all pages have; a server that renders looks at neither. */
export function storeOf({ store = defaultStore() }: SessionOptions): SessionStore {
  return store
}

/** Those of the options that say where sessions are: what `DIDSession.remove` takes. */
export function placeOptions(options: SessionOptions): StoreOptions {
  return pick(options, ['store', 'namespace', 'anyChain', 'now'])
}

/** And which of those are believed: what `DIDSession.list` takes. */
export function listOptions(options: SessionOptions): ListOptions {
  return { ...placeOptions(options), ...pick(options, ['verifiers', 'domains', 'isRevoked']) }
}

/** And what they must be able to do: what `DIDSession.load` takes. */
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
  leadSecs: check(secondsOption),
}

/**
 * The same text for options that mean the same sessions, whatever else they say about how to sign in. Throws a `TypeError`
 * that names the wrong one.
 */
export function meaningOf(options: SessionOptions): string {
  const given = givenOptions<SessionOptions>(options, READERS)
  const { account, resources = [], abilities, verifiers = {}, domains = [], isRevoked } = given
  const { namespace = 'default', anyChain = false, minValiditySecs = 0 } = given
  const meaning = canonicalJSON([
    account === undefined ? null : String(account),
    [...resources].sort(),
    abilities ?? null,
    namespace,
    anyChain,
    minValiditySecs,
    leadSecsOf(given),
    Object.keys(verifiers).sort(),
    typeof domains === 'function' ? 'a function' : [...domains].sort(),
    isRevoked !== undefined,
  ])
  if (meaning === undefined) throw new TypeError('abilities must be made of objects, arrays and texts')
  if (resources.length === 0 && abilities === undefined)
    throw new TypeError(
      'useSession needs a SessionProvider above it, or options: resources or abilities that the session is for',
    )
  return meaning
}
