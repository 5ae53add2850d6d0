import type { Cacao } from '../capability/cacao.js'

/** Where a session really is. Stores of one's own name themselves. */
export type Persistence = 'indexeddb' | 'memory' | 'none' | (string & {})

/** A session as a store keeps it: a key that can't be exported, and the capability granted to it. */
export interface SessionRecord {
  /** The account that granted it: a CAIP-10 id, or a did:key. */
  readonly account: string
  /** The did:key of the pair. With the account it identifies the record. */
  readonly keyDID: string
  readonly keyPair: CryptoKeyPair
  readonly cacao: Cacao
}

/** Which session was used last, and when (milliseconds since 1970). Without an account: signed out since. */
export interface LastUsed {
  readonly account?: string
  readonly keyDID?: string
  readonly at: number
}

/** What a store holds. Nothing of it is trusted before it was checked. */
export interface StoreContents {
  readonly records: readonly unknown[]
  readonly last?: unknown
}

/** What is to change, all of it or nothing. */
export interface StoreChange {
  readonly put?: readonly SessionRecord[]
  /** Records to remove; without `keyDID`, every record of the account. */
  readonly remove?: readonly { readonly account: string; readonly keyDID?: string }[]
  readonly last?: LastUsed
}

/**
 * Keeps sessions whose keys can't be exported, which means: wherever structured cloning reaches. A namespace
 * keeps kinds of sign-in apart. Every method rejects with `ERR_STORE_UNAVAILABLE` if the store can't be used.
 */
export interface SessionStore {
  readonly persistence: Persistence
  /** The records of a namespace, or of one account in it. */
  read(namespace: string, account?: string): Promise<StoreContents>
  write(namespace: string, change: StoreChange): Promise<void>
}
