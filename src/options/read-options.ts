import { clockOption } from '../base/environment.js'
import {
  booleanOption,
  check,
  isPlainObject,
  quantityOption,
  type ReadersOf,
  type ReadValue,
  readOptions,
  setting,
  signalOption,
  textOption,
  textsOption,
  wrong,
} from '../base/options.js'
import type { Abilities } from '../capability/resources.js'
import { resourcesOption } from '../capability/resources.js'
import type { SessionStore } from '../store/store.js'
import type {
  AskedResources,
  ExplainOptions,
  ResumeOptions,
  SessionEventType,
  SessionListenerOptions,
  StoreOptions,
  TrustOptions,
} from './session-options.js'

// Reads the options that say where sessions are stored and which of them may be resumed. A `store` or `namespace` that is
// `undefined` is an error: the default would silently be used instead of what the caller meant.

type Asked = Pick<ResumeOptions, 'resources' | 'abilities'>

const storeOption: ReadValue<SessionStore> = (value, name) => {
  const store = (value ?? {}) as { readonly [K in keyof SessionStore]?: unknown }
  const methods = [store.read, store.readKey, store.readLast, store.write]
  if (!methods.every((method) => typeof method === 'function'))
    throw wrong(name, 'a SessionStore: wrap it with stringStore(…) from cacao-session/stores')
  if (store.writableByOthers !== undefined) booleanOption(store.writableByOthers, `${name}.writableByOthers`)
  return value as SessionStore
}

export const abilitiesOption: ReadValue<Abilities> = (value, name) => {
  if (isPlainObject(value)) return value as Abilities
  throw wrong(name, 'abilities by URI: { "https://api.example.com/notes": { "notes/read": [{}] } }')
}

export const STORE_READERS: ReadersOf<StoreOptions> = {
  store: check(storeOption),
  namespace: check(textOption('a non-empty string')),
  anyChain: setting(booleanOption),
  now: setting(clockOption),
  signal: setting(signalOption),
}

/** The readers without those of `TrustOptions`, which are loaded with the first call that passes one of these. */
type WithoutTrust<T> = ReadersOf<Omit<T, keyof TrustOptions>>

export const EXPLAIN_READERS: WithoutTrust<ExplainOptions> = {
  ...STORE_READERS,
  minValiditySecs: check(quantityOption),
}

/** The names of the events of `session.on`. */
export const SESSION_EVENT_TYPES: readonly SessionEventType[] = [
  'expiring',
  'expired',
  'renewed',
  'removed',
  'idle',
  'cookie-failed',
]

export const LISTENER_READERS: ReadersOf<SessionListenerOptions> = {
  leadSecs: setting(quantityOption),
  idleSecs: setting(quantityOption),
  signal: setting(signalOption),
}

const ASKED_READERS: ReadersOf<Asked> = {
  resources: check(resourcesOption),
  abilities: check(abilitiesOption),
}

export const RESUME_READERS: WithoutTrust<ResumeOptions> = { ...EXPLAIN_READERS, ...ASKED_READERS }

/**
 * Reads options that may contain `TrustOptions`. The readers of those are loaded only if needed, so that a page that passes none
 * needn't wait for that code to learn whether someone is signed in.
 */
export async function givenTrusting<T extends TrustOptions>(
  options: unknown,
  readers: WithoutTrust<T>,
  trustReaders: () => Promise<ReadersOf<TrustOptions>>,
): Promise<T> {
  const isPlain =
    isPlainObject(options) && Reflect.ownKeys(options).every((name) => Object.hasOwn(readers, name))
  const all = isPlain ? readers : { ...readers, ...(await trustReaders()) }
  return readOptions<T>(options, all as unknown as ReadersOf<T>)
}

/** Reads the argument of `hasSessionFor` and `explain`: a list of resources, or an object with resources and abilities. */
export function givenAsked(asked: AskedResources | undefined): Asked {
  if (asked === undefined) return {}
  if (isPlainObject(asked)) return readOptions(asked, ASKED_READERS)
  return readOptions({ resources: resourcesArgument(asked) }, ASKED_READERS)
}

/** A copy of the resources that a caller passed. Throws a `TypeError` unless they are an array of strings. */
export function resourcesArgument(resources: unknown): string[] {
  return textsOption('an array of URIs')(resources, 'resources')
}
