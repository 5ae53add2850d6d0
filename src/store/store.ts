import type { Cacao } from '../capability/cacao.js'
import type { SessionKey } from '../key/session-key.js'

/** Where a session is stored. A store of your own chooses its own name. */
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

/** A session to write, with its key: a key pair that can't be exported, or a seed, for stores that store seeds. */
export interface NewSession extends SessionRecord {
  readonly keyPair?: CryptoKeyPair
  /** The 32 bytes that the key is derived from. */
  readonly seed?: Uint8Array<ArrayBuffer>
}

/** Which session was used last, and when (milliseconds since 1970). No account means that it was signed out at that time. */
export interface LastUsed {
  readonly account?: string
  readonly keyDID?: string
  readonly at: number
}

/** A change. A store must make all of it or nothing. */
export interface StoreChange {
  /** Sessions to add, or to replace. */
  readonly put?: readonly NewSession[]
  /**
   * Sessions to remove; without `keyDID`, all sessions of the account. They are removed before `put` is added. If one of them was used
   * last, the note of the last use loses its account and key.
   */
  readonly remove?: readonly { readonly account: string; readonly keyDID?: string }[]
  /**
   * The new note of the last use. Beside `remove`, one without an account must not replace that of a session that stays, because another
   * tab may have begun to use it.
   */
  readonly last?: LastUsed
}

/** The records that a store has for one account. */
export interface StoredAccount {
  /** What `readLast` returns. */
  readonly last?: unknown
  /** What `read` returns. */
  readonly records: readonly unknown[]
  /** What `readKey` returns for each record, in the same order; `undefined` for a key that was not read. */
  readonly keys?: readonly unknown[]
}

/** The IndexedDB database in which a store keeps its sessions. */
export interface SessionDatabase {
  readonly name: string
  /**
   * Runs `work` with the open database. Rejects with `ERR_STORE_UNAVAILABLE` if the database can't be opened, or doesn't answer in
   * time. `work` can pass a function to `onLate`, which is called when the caller stops waiting for the answer.
   */
  use<T>(work: (database: IDBDatabase, onLate: (listener: () => void) => void) => Promise<T>): Promise<T>
}

/**
 * Stores sessions with their keys: key pairs that can't be exported, if the store can hold structured clones, and otherwise the
 * seeds that the keys are derived from. Namespaces separate several kinds of sign-in. Every method rejects with
 * `ERR_STORE_UNAVAILABLE` if the store can't be used.
 */
export interface SessionStore {
  readonly persistence: Persistence
  /** In which form it stores keys; `pairs` by default. Sessions from a store of `seeds` can be written to a string. */
  readonly keeps?: 'pairs' | 'seeds'
  /**
   * Whether anyone but the person and the app can write to the store: other people, or a client that the server must not trust.
   * If so, sessions are resumed only with `verifiers` and `domains`.
   */
  readonly writableByOthers?: boolean
  /** The database of a store that uses IndexedDB. Browser tabs store leases in it if there are no Web Locks. */
  readonly database?: SessionDatabase
  /** Returns the sessions of a namespace, or of one account in it. Callers check every record that they read. */
  read(namespace: string, account?: string): Promise<readonly unknown[]>
  /** Returns the key pair or the seed of a session; `undefined` if there is none. */
  readKey(namespace: string, id: SessionId): Promise<unknown>
  /** Returns the note of the last use; `undefined` if there was no change with a `last`. */
  readLast(namespace: string): Promise<unknown>
  /**
   * Returns in one step what the methods above return, for a store that is faster that way: the last use, and the sessions and
   * keys of `account`, or of the account that was used last if `account` is `undefined`. For a session whose key `isKnown`, the
   * store may return only `{ account, keyDID }`. It may leave out the last use unless `isLastWanted`. Optional: a store that wraps
   * a second store must wrap this method too, or leave it out.
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

/** A stored session, and where it is stored. */
export interface LocatedRecord extends SessionRecord {
  readonly persistence: Persistence
}
