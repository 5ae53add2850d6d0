/** A request as it would go over the wire. */
export interface SignedRequest {
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
}

/** What the page can do; the test calls it by name. */
export interface PasskeyPage {
  create(name: string): Promise<string>
  /** Takes up the account's session or signs in, and signs a request. */
  get(account: string): Promise<{ id: string; keyDID: string; request: SignedRequest }>
  /** Signs in; the session as a string. */
  authorize(account?: string, options?: object): Promise<string>
  choose(): Promise<string>
  /** Asks for an account, and leaves while the browser asks the person. */
  chooseAndLeave(): Promise<string>
  known(): Promise<string[]>
  /** As if the browser were another one; without the account's session, too. */
  forget(account?: string): Promise<void>
}

/** How a call ended: with a value, or with an error of a code or a name. */
export type Outcome = { readonly value: unknown } | { readonly code: string; readonly message: string }

declare global {
  var passkeyPage: { run(name: keyof PasskeyPage, args: readonly unknown[]): Promise<Outcome> }
}
