import { type Clock, hasOwnStorage, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { issuerAccount } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { type SessionKey, subtleCrypto } from '../key/session-key.js'
import type { StoreOptions, TrustOptions } from '../options/session-options.js'
import { indexedDBStore } from '../store/indexeddb-store.js'
import type {
  LastUsed,
  LocatedRecord,
  Persistence,
  SessionData,
  SessionRecord,
  SessionStore,
  StoredAccount,
} from '../store/store.js'

const DEFAULT_NAMESPACE = 'default'

/** Where sessions are stored, and which checks a stored session must pass. */
export interface SessionContext {
  /** In the order in which they are preferred. */
  readonly stores: SessionStore[]
  /** Whether the caller chose the store. Its failures are then reported to the caller. */
  readonly isChosen: boolean
  readonly namespace: string
  readonly anyChain: boolean
  readonly now: Clock
  readonly checks: Trust
  /** Whether this is the place where did-session 4 would have stored its sessions. */
  readonly isDefault: boolean
  readonly shared: SharedState
}

/**
 * What all contexts of one store and namespace share in this page. Modules above use it as the key of what they share.
 */
interface SharedState {
  /**
   * Sessions that were read and whose key was checked, by their did:key. A stored session is never changed, only removed, so it is read
   * only once, unless the caller asks for checks.
   */
  readonly sessions: Map<string, KnownSession>
}

/** A session that was read from a store and checked. */
interface KnownSession {
  readonly key: SessionKey
  readonly record: SessionRecord
}

type Read<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** The checks that a stored session must pass, after the options were read. */
export type Trust = Read<TrustOptions>

/** The options that a context is made of, after they were read. */
export type ContextOptions = Read<StoreOptions & TrustOptions>

// Shared by the whole page, because each store opens a connection of its own. If IndexedDB refuses a session, a memory store is
// appended.
const defaultStores: [SessionStore, ...SessionStore[]] = [indexedDBStore()]
const sharedStates = new WeakMap<SessionStore, Map<string, SharedState>>()

/**
 * The context for the options. Throws `ERR_ENVIRONMENT` on a page without WebCrypto, where no session can sign, and outside of
 * browsers if no store is given: all requests of a server would share a default store, and so each other's sessions.
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
      'there is no browser storage here: pass a store, such as fileStore(path), or use DIDSession.authorize and fromSession',
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

/** The store that is used by default. It also exists where it can't be used, for example while a server renders a page. */
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

/** A record as it was read, the store that has it, and its key if that was read at the same time. Nothing of it is checked yet. */
export interface FoundRecord {
  readonly record: unknown
  readonly store: SessionStore
  readonly key?: unknown
}

/** What could be read from the stores. */
export interface FoundRecords {
  readonly found: readonly FoundRecord[]
  /** The errors of the stores that could not be read. */
  readonly failures: readonly unknown[]
  /** Which stores could not be read. */
  readonly unread: readonly Persistence[]
  /** The session used last, if it was read. */
  readonly last: LastUsed | undefined
}

/** Reads the records of a namespace, or of one account in it, from all stores. If one store fails, the others are still read. */
export async function readRecords(
  stores: readonly SessionStore[],
  namespace: string,
  account?: string,
): Promise<FoundRecords> {
  return collect(stores, async (store) => ({ records: await store.read(namespace, account) }))
}

/**
 * Reads the account's records, the note of the last use if it is wanted, and the keys that aren't cached, in one transaction if the
 * store can. Without an account, it reads the records of the account used last, or all records if there is no note of that.
 */
export async function readAccount(
  stores: readonly SessionStore[],
  namespace: string,
  account: string | undefined,
  isKnown: (keyDID: string) => boolean,
  isLastWanted: boolean,
): Promise<FoundRecords> {
  const withLast = isLastWanted || account === undefined
  const read = await collect(stores, (store) => readStored(store, namespace, account, isKnown, withLast))
  // Read all stores again if no account was used last, or if another store may have more records of that account.
  const isWhole = account !== undefined || stores.length - read.failures.length < (read.last ? 2 : 1)
  return isWhole ? read : { ...(await readRecords(stores, namespace, read.last?.account)), last: read.last }
}

/** The session used last, of all stores. A store that fails is treated as one without such a note. */
export async function readLastUsed(
  stores: readonly SessionStore[],
  namespace: string,
): Promise<LastUsed | undefined> {
  const read = async (store: SessionStore): Promise<unknown> => store.readLast(namespace)
  return newest(await Promise.all(stores.map((store) => read(store).then(parseLastUsed, () => undefined))))
}

/** Parses a stored record. Returns `undefined` for anything that this library would not have stored. */
export function parseRecord(record: unknown): SessionRecord | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const { account, keyDID, cacao } = record as { [name in keyof SessionRecord]?: unknown }
  try {
    const checked = parseCacao(cacao)
    const issuer = issuerAccount(checked)
    if (account !== issuer || keyDID !== checked.p.aud) return undefined
    return { account: issuer, keyDID: checked.p.aud, cacao: checked }
  } catch {
    return undefined
  }
}

async function collect(
  stores: readonly SessionStore[],
  read: (store: SessionStore) => Promise<StoredAccount>,
): Promise<FoundRecords> {
  const failures: unknown[] = []
  const unread: Persistence[] = []
  const lasts: (LastUsed | undefined)[] = []
  const found = stores.map(async (store): Promise<FoundRecord[]> => {
    try {
      const { records, keys = [], last } = await read(store)
      lasts.push(parseLastUsed(last))
      return Array.isArray(records)
        ? records.map((record: unknown, i) => ({ record, store, key: keys[i] }))
        : []
    } catch (error) {
      failures.push(error)
      unread.push(store.persistence)
      return []
    }
  })
  return { found: (await Promise.all(found)).flat(), failures, unread, last: newest(lasts) }
}

// A store without `readAccount` is read step by step. Only a failure to read the records counts as a failure of the store.
async function readStored(
  store: SessionStore,
  namespace: string,
  account: string | undefined,
  isKnown: (keyDID: string) => boolean,
  withLast: boolean,
): Promise<StoredAccount> {
  if (store.readAccount) return store.readAccount(namespace, account, isKnown, withLast)
  const reading = withLast ? readLastUsed([store], namespace) : undefined
  const owner = account ?? (await reading)?.account
  const records = owner === undefined ? [] : await store.read(namespace, owner)
  return { last: await reading, records }
}

function newest(all: readonly (LastUsed | undefined)[]): LastUsed | undefined {
  return all.reduce((a, b) => (b && !((a?.at ?? 0) > b.at) ? b : a), undefined)
}

function parseLastUsed(last: unknown): LastUsed | undefined {
  if (typeof last !== 'object' || last === null) return undefined
  const { account, keyDID, at } = last as { account?: unknown; keyDID?: unknown; at?: unknown }
  if (typeof at !== 'number') return undefined
  return typeof account === 'string' && typeof keyDID === 'string' ? { account, keyDID, at } : { at }
}

/** The record of a session, without its key. */
export function recordOf({ key, cacao, persistence }: SessionData): LocatedRecord {
  return { account: issuerAccount(cacao), keyDID: key.did, cacao, persistence }
}
