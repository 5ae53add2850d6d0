import type { Cacao } from '../capability/cacao.js'
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
