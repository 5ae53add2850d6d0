/** A request as it is sent. */
export interface SignedRequest {
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
}

/** The actions of the page, which the test calls by name. */
export interface PasskeyPage {
  create(name: string): Promise<string>
  /** Loads the account's session or signs in, and signs a request. */
  get(account: string): Promise<{ id: string; keyDID: string; request: SignedRequest }>
  /** Signs in, and returns the session as a string. */
  authorize(account?: string, options?: object): Promise<string>
  choose(): Promise<string>
  /** Requests an account, and aborts during the browser's prompt. */
  chooseAndLeave(): Promise<string>
  known(): Promise<string[]>
  /** Forgets the passkey and the account's session, as in another browser. */
  forget(account?: string): Promise<void>
}

/** The outcome of a call: a value, or the code or name of an error. */
export type Outcome = { readonly value: unknown } | { readonly code: string; readonly message: string }

declare global {
  var passkeyPage: { run(name: keyof PasskeyPage, args: readonly unknown[]): Promise<Outcome> }
}
