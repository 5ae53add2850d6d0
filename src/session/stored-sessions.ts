import type { SessionErrorCode } from '../base/errors.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { isRecap, missingResources } from '../capability/resources.js'
import { expiryTime, validityAt } from '../capability/validity.js'
import { type SessionKey, sessionKeyOfPair } from '../key/session-key.js'
import { connectionOf } from '../store/indexeddb-store.js'
import type { LastUsed, Persistence, SessionRecord, SessionStore } from '../store/store.js'
import type { Place } from './context.js'
import type { HeldSession } from './held-session.js'
import { removedKeys } from './removed-keys.js'

/** Why there is, or isn't, a session that `get` would take up without a prompt. */
export type SessionStatus =
  | { readonly status: 'ok'; readonly expiresAt: Date | undefined; readonly persistence: Persistence }
  /** Nothing is stored for this account. */
  | { readonly status: 'none' }
  /** There was a session, and nobody signed out: the browser, or someone in it, has thrown storage away. */
  | { readonly status: 'evicted' }
  /** Also one that expires sooner than `minValiditySecs` asks for. */
  | { readonly status: 'expired'; readonly expiresAt: Date | undefined }
  /** Granted for a later time, or this machine's clock runs behind. */
  | { readonly status: 'not-yet-valid' }
  /** There is a session, but it doesn't cover these. */
  | { readonly status: 'missing-resources'; readonly missing: readonly string[] }
  /** What is stored can't be read, or its key is not the one that the capability was granted to. */
  | { readonly status: 'wrong-key' }
  /** What `verifiers`, `domains` or `isRevoked` refuse: the code says which. */
  | { readonly status: 'untrusted'; readonly code: SessionErrorCode }
  /** The store can't be used, so nobody knows. */
  | { readonly status: 'store-unavailable' }

/** What makes a stored session fit to be taken up. */
export interface Wanted {
  readonly resources?: readonly string[]
  readonly minValiditySecs?: number | undefined
}

/** A stored record and what was found about it. */
export interface Assessment {
  readonly status: SessionStatus
  /** Only with status `ok`. */
  readonly session?: HeldSession
}

/** A record as it was found, and where. */
export interface FoundRecord {
  readonly record: unknown
  readonly store: SessionStore
}

/** What the stores hold, as far as it could be read. */
export interface StoredSessions {
  readonly found: readonly FoundRecord[]
  /** What the stores said that could not be read. */
  readonly failures: readonly unknown[]
  /** Which these are. */
  readonly unread: readonly Persistence[]
}

/** Reads all the stores. One that fails doesn't keep the others from being read. */
export async function readStores(
  stores: readonly SessionStore[],
  namespace: string,
  account?: string,
): Promise<StoredSessions> {
  const failures: unknown[] = []
  const unread: Persistence[] = []
  const read = async (store: SessionStore): Promise<FoundRecord[]> => {
    try {
      const records: unknown = await store.read(namespace, account)
      return Array.isArray(records) ? records.map((record: unknown) => ({ record, store })) : []
    } catch (error) {
      failures.push(error)
      unread.push(store.persistence)
      return []
    }
  }
  const found = await Promise.all(stores.map(read))
  return { found: found.flat(), failures, unread }
}

/** The session used last, over all stores. One that fails knows of none. */
export async function readLastUsed(
  stores: readonly SessionStore[],
  namespace: string,
): Promise<LastUsed | undefined> {
  const read = async (store: SessionStore): Promise<unknown> => store.readLast(namespace)
  const all = await Promise.all(stores.map((store) => read(store).then(parseLastUsed, () => undefined)))
  return all.reduce((a, b) => (b && !((a?.at ?? 0) > b.at) ? b : a), undefined)
}

/** Judges a stored record. Cheap checks come first; the key is looked at last. */
export async function assess(
  { record, store }: FoundRecord,
  account: string | undefined,
  { resources = [], minValiditySecs = 0 }: Wanted,
  place: Place,
): Promise<Assessment> {
  const parsed = parseRecord(record)
  if (!parsed || (account ?? parsed.account) !== parsed.account) return { status: { status: 'wrong-key' } }
  const { cacao } = parsed
  const now = place.now()
  // Signed out, and only still there: its store could not be written, or someone has put it back.
  if (removedKeys.has(parsed.keyDID)) return { status: { status: 'none' } }
  const validity = validityAt(cacao, now)
  const isTooShort = expiryTime(cacao) < now + minValiditySecs * 1000
  if (validity === 'expired' || isTooShort)
    return { status: { status: 'expired', expiresAt: expiresAt(cacao) } }
  if (validity === 'not-yet-valid') return { status: { status: 'not-yet-valid' } }
  const missing = await missingIn(cacao.p.resources, resources, place)
  if (missing.length > 0) return { status: { status: 'missing-resources', missing } }
  const session = await storedSession(store, place, parsed)
  if (!session) return { status: { status: 'wrong-key' } }
  const code = await refused(cacao, place, now)
  if (code) return { status: { status: 'untrusted', code } }
  return {
    status: { status: 'ok', expiresAt: expiresAt(cacao), persistence: store.persistence },
    session,
  }
}

/** The code with which the place's checks refuse the capability. */
export async function refused(
  cacao: Cacao,
  { checks, onDemand }: Pick<Place, 'checks' | 'onDemand'>,
  now: number,
): Promise<SessionErrorCode | undefined> {
  if (Object.keys(checks).length === 0) return undefined
  return (await onDemand()).refusalOf(cacao, checks, now)
}

async function missingIn(
  granted: readonly string[] = [],
  wanted: readonly string[],
  { onDemand }: Pick<Place, 'onDemand'>,
): Promise<string[]> {
  const missing = missingResources(granted, wanted)
  // A recap may be covered by another one.
  return isRecap(missing.at(-1)) ? (await onDemand()).missingGrants(granted, missing) : missing
}

/** A record as we write it, or `undefined`: then it can't be read, which is not the same as absent. */
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

// Keys that were found to be what their DID says. A key never becomes another one, so it is read from a store and
// looked at only once.
const knownKeys = new WeakMap<SessionStore, Map<string, SessionKey>>()
const MOST_KNOWN_KEYS = 100

/** A stored session with its key; `undefined` unless that is the one that its DID names. */
export async function storedSession(
  store: SessionStore,
  { namespace, onDemand }: Pick<Place, 'namespace' | 'onDemand'>,
  { cacao, ...id }: SessionRecord,
): Promise<HeldSession | undefined> {
  const { persistence } = store
  const read = async (): Promise<unknown> => store.readKey(namespace, id)
  if (store.keeps === 'seeds') {
    const { sessionOfSeed } = await onDemand()
    return sessionOfSeed(await read().catch(() => undefined), cacao, persistence)
  }
  const key = await storedKey(store, id.keyDID, read, onDemand)
  return key && { key, cacao, persistence }
}

async function storedKey(
  store: SessionStore,
  keyDID: string,
  read: () => Promise<unknown>,
  onDemand: Place['onDemand'],
): Promise<SessionKey | undefined> {
  const known = knownKeys.get(store) ?? new Map<string, SessionKey>()
  knownKeys.set(store, known)
  const before = known.get(keyDID)
  if (before) return before
  const key = await sessionKeyOfPair(await read().catch(() => undefined))
  if (key?.did !== keyDID) return undefined
  // A pair is what its origin's IndexedDB was given; another store may put one person's public key beside another's private one.
  if (!connectionOf(store) && !(await (await onDemand()).canSign(key))) return undefined
  if (known.size >= MOST_KNOWN_KEYS) known.clear()
  known.set(keyDID, key)
  return key
}

/** When the capability expires; `undefined` without `exp`. */
export function expiresAt(cacao: Cacao): Date | undefined {
  const time = expiryTime(cacao)
  return time === Number.POSITIVE_INFINITY ? undefined : new Date(time)
}

function parseLastUsed(last: unknown): LastUsed | undefined {
  if (typeof last !== 'object' || last === null) return undefined
  const { account, keyDID, at } = last as { account?: unknown; keyDID?: unknown; at?: unknown }
  if (typeof at !== 'number') return undefined
  return typeof account === 'string' && typeof keyDID === 'string' ? { account, keyDID, at } : { at }
}
