import { type KitAuth, type KitOptions, KitSession } from './kit-session.js'

export type { KitAuth, KitOptions, KitStatus } from './kit-session.js'

/** The authentication adapter of RainbowKit 2 (`AuthenticationAdapter<string>`), as its dialog calls it. */
export interface RainbowKitAdapter {
  getNonce(): Promise<string>
  createMessage(args: { nonce: string; address: string; chainId: number }): Promise<string>
  verify(args: { message: string; signature: string }): Promise<boolean>
  signOut(): Promise<void>
}

/** What `rainbowKitAuth` gives: the adapter for RainbowKit, and the session for the app. */
export interface RainbowKitAuth extends KitAuth {
  /** For `RainbowKitAuthenticationProvider`, together with `getStatus()` as its `status`. */
  readonly adapter: RainbowKitAdapter
}

/**
 * Makes RainbowKit's dialog sign in with a session: the message that it shows is that of `DIDSession.get`, and once it is signed
 * the session is stored and `getSession()` gives it. Create it once, outside of components. Signing out works in both directions: a
 * wallet that is disconnected or switches to another account signs the session out, and once a session ends, in any tab, the status
 * is `unauthenticated`. Throws a `TypeError` for a wrong option. The adapter's functions reject with a `SessionError`, as
 * `DIDSession.get` does, and RainbowKit says so in its dialog; `signOut` never rejects, because RainbowKit waits for nothing.
 *
 * @example
 * const auth = rainbowKitAuth({ resources: ['https://api.example.com/notes/*'], anyChain: true })
 * const [adapter, status] = [auth.adapter, auth.getStatus()]
 */
export function rainbowKitAuth(options: KitOptions): RainbowKitAuth {
  const session = new KitSession(options)
  const adapter: RainbowKitAdapter = {
    getNonce: () => session.nonce(),
    createMessage: ({ nonce, address, chainId }) => session.textToSign(`eip155:${chainId}:${address}`, nonce),
    verify: async ({ message, signature }) => (await session.signed(message, signature)).isAuthorized(),
    signOut: async () => void (await session.signOut()),
  }
  return { ...session.auth, adapter }
}
