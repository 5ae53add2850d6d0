import { SessionError } from '../base/errors.js'
import type { Cacao } from '../capability/cacao.js'
/** What a store of the caller's own threw, as `ERR_STORE_UNAVAILABLE`; a `SessionError` stays what it is. */
export function storeError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  return new SessionError('ERR_STORE_UNAVAILABLE', 'the store failed: see the cause', { cause })
}

/** Where a session really is. Stores of one's own name themselves. */
export type Persistence = 'indexeddb' | 'memory' | 'none' | (string & {})

/** Which session: of which account (a CAIP-10 id, or a did:key), with which key (its did:key). */
export interface SessionId {
  readonly account: string
  readonly keyDID: string
}

/** A session as a store keeps it: the capability granted to a key; the key itself is read apart, when needed. */
export interface SessionRecord extends SessionId {
  readonly cacao: Cacao
}

/** A session with its key, to be written: a pair that can't be exported, or, where a store keeps those, a seed. */
export interface NewSession extends SessionRecord {
  readonly keyPair?: CryptoKeyPair
  /** The 32 bytes that the key grows from. */
  readonly seed?: Uint8Array<ArrayBuffer>
}

/** Which session was used last, and when (milliseconds since 1970). Without an account: signed out since. */
export interface LastUsed {
  readonly account?: string
  readonly keyDID?: string
  readonly at: number
}

/** What is to change, all of it or nothing. */
export interface StoreChange {
  readonly put?: readonly NewSession[]
  /** Records to remove; without `keyDID`, every record of the account. */
  readonly remove?: readonly { readonly account: string; readonly keyDID?: string }[]
  readonly last?: LastUsed
}

/** What taking up a session needs to know of an account. */
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
  /** Does the work with the open database. Rejects with `ERR_STORE_UNAVAILABLE` if that can't be had in time. */
  use<T>(work: (database: IDBDatabase) => Promise<T>): Promise<T>
}

/**
 * Keeps sessions: with keys that can't be exported wherever structured cloning reaches, else with the seeds that keys
 * grow from. A namespace keeps kinds of sign-in apart. Every method rejects with `ERR_STORE_UNAVAILABLE` if the store
 * can't be used.
 */
export interface SessionStore {
  readonly persistence: Persistence
  /** What it keeps of a key; `pairs` by default. A store of `seeds` gives sessions that can be written to a string. */
  readonly keeps?: 'pairs' | 'seeds'
  /**
   * Whether anyone but the person and the app can write there: other people, or a client whose word is not to be believed.
   * Sessions are then taken up only by callers that say which `verifiers` and `domains` they believe.
   */
  readonly writableByOthers?: boolean
  /** The database behind it, if that is IndexedDB: where there are no Web Locks, tabs take turns by leases in it. */
  readonly database?: SessionDatabase
  /** The records of a namespace, or of one account in it. Nothing of what is read is trusted. */
  read(namespace: string, account?: string): Promise<readonly unknown[]>
  /** The key pair, or the seed, of a session. */
  readKey(namespace: string, id: SessionId): Promise<unknown>
  /** What `last` was when it was last written. */
  readLast(namespace: string): Promise<unknown>
  /**
   * All of that in one step, for a store that can do so faster than in three: of the account, or without one of the account
   * used last. A key that `isKnown` needn't be read.
   */
  readAccount?(
    namespace: string,
    account: string | undefined,
    isKnown: (keyDID: string) => boolean,
  ): Promise<StoredAccount>
  write(namespace: string, change: StoreChange): Promise<void>
}
