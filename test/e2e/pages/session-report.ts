/** What the page's session signs, so that the test can verify it with nothing of the page's but the DID. */
export const SIGNED_TEXT = 'signed by a session key'

/** What a page that has just been loaded sees of the session, and the methods its wallet was asked for by then. */
export interface Look {
  /** What `load` gives; null for nothing. */
  readonly keyDID: string | null
  readonly persistence: string | null
  /** What `hasSessionFor` says. */
  readonly isKnown: boolean
  /** The keys that IndexedDB holds, read past the library. */
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
  /** What `load` gives in the same page. */
  readonly loaded: { readonly keyDID?: string; readonly persistence?: string }
  /** The texts that the wallet signed. */
  readonly texts: readonly string[]
}

export interface SignInReport {
  readonly signedIn: SignedIn
  readonly reloaded: Look
}

/** What `get` gives after `load` and `hasSessionFor`; `walletCalls` are of all three. */
export interface Resumed extends Look {
  readonly resumedKeyDID: string
  readonly signature: string
}

/** Every way to a private key's bytes, and how it ended: `taken`, or the name of the error. */
export type Outcomes = Readonly<Record<string, string>>

export interface TakeKeyReport {
  readonly sessionKey: Outcomes
  /** The same done to a key that may be exported: the ways themselves work in this engine. */
  readonly exportableKey: Outcomes
}
