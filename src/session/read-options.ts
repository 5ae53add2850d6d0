import {
  check,
  isPlainObject,
  type OptionReader,
  type ReadValue,
  readOptions,
  secondsOption,
  setting,
  wrong,
} from '../base/options.js'
import type { Abilities } from '../capability/abilities.js'
import {
  clockOption,
  domainsOption,
  isRevokedOption,
  resourcesOption,
  verifiersOption,
} from '../capability/check-options.js'
import type { SessionStore } from '../store/store.js'
import type { SessionListenerOptions } from './events.js'
import {
  type AskedResources,
  type ExplainOptions,
  type ListOptions,
  type ResumeOptions,
  resourcesArgument,
  type StoreOptions,
  type TrustOptions,
} from './options.js'

// How the options are read that say where sessions are, and which are taken up. `store` and `namespace` count as checks:
// undefined, they would silently be another place.

/** A reader for each of the options. */
export type ReadersOf<T> = {
  readonly [K in keyof T]-?: OptionReader<object extends Pick<T, K> ? T[K] | undefined : T[K]>
}

type Asked = Pick<ResumeOptions, 'resources' | 'abilities'>

const storeOption: ReadValue<SessionStore> = (value, name) => {
  const store = (value ?? {}) as { readonly [K in keyof SessionStore]?: unknown }
  const methods = [store.read, store.readKey, store.readLast, store.write]
  if (!methods.every((method) => typeof method === 'function'))
    throw wrong(name, 'a SessionStore: wrap it with stringStore(…) from cacao-session/stores')
  if (store.writableByOthers !== undefined && typeof store.writableByOthers !== 'boolean')
    throw wrong(`${name}.writableByOthers`, 'true or false')
  return value as SessionStore
}

const namespaceOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string' && value !== '') return value
  throw wrong(name, 'a non-empty string')
}

const anyChainOption: ReadValue<boolean> = (value, name) => {
  if (typeof value === 'boolean') return value
  throw wrong(name, 'true or false')
}

/** An `AbortSignal`, of whichever realm. */
export const signalOption: ReadValue<AbortSignal> = (value, name) => {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return value as AbortSignal
  throw wrong(name, 'an AbortSignal')
}

export const abilitiesOption: ReadValue<Abilities> = (value, name) => {
  if (isPlainObject(value)) return value as Abilities
  throw wrong(name, 'abilities by URI: { "https://api.example.com/notes": { "notes/read": [{}] } }')
}

export const STORE_READERS: ReadersOf<StoreOptions> = {
  store: check(storeOption),
  namespace: check(namespaceOption),
  anyChain: setting(anyChainOption),
  now: setting(clockOption),
  signal: setting(signalOption),
}

export const TRUST_READERS: ReadersOf<TrustOptions> = {
  verifiers: check(verifiersOption),
  domains: check(domainsOption),
  isRevoked: check(isRevokedOption),
}

export const LIST_READERS: ReadersOf<ListOptions> = { ...STORE_READERS, ...TRUST_READERS }

export const EXPLAIN_READERS: ReadersOf<ExplainOptions> = {
  ...LIST_READERS,
  minValiditySecs: check(secondsOption),
}

export const LISTENER_READERS: ReadersOf<SessionListenerOptions> = {
  leadSecs: setting(secondsOption),
  idleSecs: setting(secondsOption),
  signal: setting(signalOption),
}

const ASKED_READERS: ReadersOf<Asked> = {
  resources: check(resourcesOption),
  abilities: check(abilitiesOption),
}

export const RESUME_READERS: ReadersOf<ResumeOptions> = { ...EXPLAIN_READERS, ...ASKED_READERS }

/** Reads the options, and leaves out what was left out. Throws a `TypeError` that names the wrong one. */
export function givenOptions<T>(options: unknown, readers: ReadersOf<T>): T {
  const table: Readonly<Record<string, OptionReader<unknown>>> = readers
  const read = Object.entries(readOptions(options, table)).filter(([, value]) => value !== undefined)
  return Object.fromEntries(read) as T
}

/** What is asked for beside the options: a list of resources, or an object with those and abilities. */
export function givenAsked(asked: AskedResources | undefined): Asked {
  if (asked === undefined) return {}
  if (isPlainObject(asked)) return givenOptions(asked, ASKED_READERS)
  return givenOptions({ resources: resourcesArgument(asked) }, ASKED_READERS)
}
