/** A signature of the page's session, which the test can verify with the DID only. */
export const SIGNED_TEXT = 'signed by a session key'

/** What a newly loaded page finds of the session, and the wallet methods called so far. */
export interface Look {
  /** The result of `load`, or null. */
  readonly keyDID: string | null
  readonly persistence: string | null
  /** The result of `hasSessionFor`. */
  readonly isKnown: boolean
  /** The keys in IndexedDB, read without the library. */
  readonly storedKeyDIDs: readonly string[]
  readonly walletCalls: readonly string[]
}

export interface SignedIn {
  readonly account: string
  readonly keyDID: string
  readonly persistence: string
  /** In hex, over `SIGNED_TEXT`. */
  readonly signature: string
  readonly storedKeyDIDs: readonly string[]
  /** The result of `load` in the same page. */
  readonly loaded: { readonly keyDID?: string; readonly persistence?: string }
  /** The texts that the wallet signed. */
  readonly texts: readonly string[]
}

export interface SignInReport {
  readonly signedIn: SignedIn
  readonly reloaded: Look
}

/** The result of `get` after `load` and `hasSessionFor`; `walletCalls` counts all three. */
export interface Resumed extends Look {
  readonly resumedKeyDID: string
  readonly signature: string
}

/** Every way to read a private key's bytes, and its outcome: `taken`, or the name of the error. */
export type Outcomes = Readonly<Record<string, string>>

export interface TakeKeyReport {
  readonly sessionKey: Outcomes
  /** The same with an exportable key, which shows that these ways work in this engine. */
  readonly exportableKey: Outcomes
}
