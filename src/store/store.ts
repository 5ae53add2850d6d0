import { SessionError } from '../base/errors.js'
import { type Cacao, expiryTime, issuerAccount } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import type { SessionKey } from '../key/session-key.js'

/** Where a session is stored. Stores of your own choose a name of their own. */
export type Persistence = 'indexeddb' | 'memory' | 'none' | (string & {})

/** Identifies a session, by its account (a CAIP-10 id, or a did:key) and its key (a did:key). */
export interface SessionId {
  readonly account: string
  readonly keyDID: string
}

/** A stored session: the capability that was granted to a key. The key itself is read separately, when it is needed. */
export interface SessionRecord extends SessionId {
  readonly cacao: Cacao
}

/** A session to be written, with its key: a key pair that can't be exported; or a seed, for stores that store seeds. */
export interface NewSession extends SessionRecord {
  readonly keyPair?: CryptoKeyPair
  /** The 32 bytes that the key is derived from. */
  readonly seed?: Uint8Array<ArrayBuffer>
}

/** Which session was used last, and when (milliseconds since 1970). Without an account: it was signed out at that time. */
export interface LastUsed {
  readonly account?: string
  readonly keyDID?: string
  readonly at: number
}

/** A change, of which a store must make all or nothing. */
export interface StoreChange {
  /** Sessions to add, or to replace. */
  readonly put?: readonly NewSession[]
  /** Sessions to remove; without `keyDID`, all sessions of the account. They are removed before `put` is added. */
  readonly remove?: readonly { readonly account: string; readonly keyDID?: string }[]
  readonly last?: LastUsed
}

/** What a store has of one account. */
export interface StoredAccount {
  /** What `readLast` gives. */
  readonly last?: unknown
  /** What `read` gives. */
  readonly records: readonly unknown[]
  /** What `readKey` gives, in the order of the records; `undefined` where it was not read. */
  readonly keys?: readonly unknown[]
}

/** The IndexedDB database in which a store keeps its sessions. */
export interface SessionDatabase {
  readonly name: string
  /**
   * Does the work with the open database. Rejects with `ERR_STORE_UNAVAILABLE` if that can't be had, or doesn't answer in time. The
   * work can pass a function to `onLate`, which is called when the answer is no longer waited for.
   */
  use<T>(work: (database: IDBDatabase, onLate: (listener: () => void) => void) => Promise<T>): Promise<T>
}

/**
 * Stores sessions: with key pairs that can't be exported, if the store can hold structured clones, and otherwise with the seeds
 * that the keys are derived from. Namespaces separate several kinds of sign-in. Every method rejects with
 * `ERR_STORE_UNAVAILABLE` if the store can't be used.
 */
export interface SessionStore {
  readonly persistence: Persistence
  /** What it stores of a key; `pairs` by default. Sessions from a store of `seeds` can be written to a string. */
  readonly keeps?: 'pairs' | 'seeds'
  /**
   * Whether others than the person and the app can write there: other people, or a client that the server must not trust.
   * Sessions are then resumed only with `verifiers` and `domains`.
   */
  readonly writableByOthers?: boolean
  /** The database behind the store, if that is IndexedDB. Where there are no Web Locks, tabs store leases in it. */
  readonly database?: SessionDatabase
  /** The sessions of a namespace, or of one account in it. Callers check all that they read. */
  read(namespace: string, account?: string): Promise<readonly unknown[]>
  /** The key pair or the seed of a session; `undefined` if there is none. */
  readKey(namespace: string, id: SessionId): Promise<unknown>
  /** The `last` of the latest change that had one. */
  readLast(namespace: string): Promise<unknown>
  /**
   * The same in one step, for a store that is faster that way: the last use, and the sessions and keys of the account, or
   * without one of the account used last. Of a session whose key `isKnown` it needn't read more than `{ account, keyDID }`, and of
   * an account not the last use where that isn't wanted. Optional; a store that wraps another one must wrap this too, or leave it
   * out.
   */
  readAccount?(
    namespace: string,
    account: string | undefined,
    isKnown: (keyDID: string) => boolean,
    isLastWanted: boolean,
  ): Promise<StoredAccount>
  write(namespace: string, change: StoreChange): Promise<void>
}

/** The error for one that a store threw: `ERR_STORE_UNAVAILABLE`, or the error itself if it is a `SessionError`. */
export function storeError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  return new SessionError('ERR_STORE_UNAVAILABLE', 'the store failed: see the cause', { cause })
}

/** What a session consists of: the key, the capability that was granted to it, and where both are stored. */
export interface SessionData {
  readonly key: SessionKey
  readonly cacao: Cacao
  readonly persistence: Persistence
  /** Writes the session to a string. Absent for a key that can't be exported. */
  readonly serialize?: () => string
}

/** A stored session, and the store that has it. */
export interface LocatedRecord extends SessionRecord {
  readonly persistence: Persistence
}

/** The session as a record, without its key. */
export function recordOf({ key, cacao, persistence }: SessionData): LocatedRecord {
  return { account: issuerAccount(cacao), keyDID: key.did, cacao, persistence }
}

/** A record as it was found, the store that has it, and its key if that was read along with it. Nothing of it is checked. */
export interface FoundRecord {
  readonly record: unknown
  readonly store: SessionStore
  readonly key?: unknown
}

/** What the stores hold, as far as it could be read. */
export interface FoundRecords {
  readonly found: readonly FoundRecord[]
  /** The errors of the stores that could not be read. */
  readonly failures: readonly unknown[]
  /** Which stores these are. */
  readonly unread: readonly Persistence[]
  /** The session used last, if that was read. */
  readonly last: LastUsed | undefined
}

/** Reads the records of a namespace, or of one account in it, from all the stores. One that fails doesn't stop the others. */
export async function readRecords(
  stores: readonly SessionStore[],
  namespace: string,
  account?: string,
): Promise<FoundRecords> {
  return collect(stores, async (store) => ({ records: await store.read(namespace, account) }))
}

/**
 * Reads the account's records, the note of the last use if it is wanted, and the keys that are not known yet, in one step where
 * the store can do that. Without an account, the records of the account used last; if nobody was, all records.
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
  // Nobody was used last, or somebody of whom another store may know more. Stores that can't be read aren't asked again.
  const isWhole = account !== undefined || stores.length - read.failures.length < (read.last ? 2 : 1)
  return isWhole ? read : { ...(await readRecords(stores, namespace, read.last?.account)), last: read.last }
}

/** The session used last, over all stores. A store that fails counts as one that knows of none. */
export async function readLastUsed(
  stores: readonly SessionStore[],
  namespace: string,
): Promise<LastUsed | undefined> {
  const read = async (store: SessionStore): Promise<unknown> => store.readLast(namespace)
  return newest(await Promise.all(stores.map((store) => read(store).then(parseLastUsed, () => undefined))))
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

/** When the capability expires; `undefined` without `exp`. */
export function expiresAt(cacao: Cacao): Date | undefined {
  const time = expiryTime(cacao)
  return time === Number.POSITIVE_INFINITY ? undefined : new Date(time)
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

// A store that can't do it in one step is asked step by step. Only a failure to read the records is one of the store.
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
