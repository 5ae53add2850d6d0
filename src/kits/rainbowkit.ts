import { type KitAuth, type KitOptions, KitSession } from './kit-session.js'

export type { KitAuth, KitOptions, KitStatus } from './kit-session.js'

/** The authentication adapter of RainbowKit 2 (`AuthenticationAdapter<string>`), as its dialog calls it. */
export interface RainbowKitAdapter {
  getNonce(): Promise<string>
  createMessage(args: { nonce: string; address: string; chainId: number }): Promise<string>
  verify(args: { message: string; signature: string }): Promise<boolean>
  signOut(): Promise<void>
}

/** The result of `rainbowKitAuth`: the adapter for RainbowKit, and the session for the app. */
export interface RainbowKitAuth extends KitAuth {
  /** Pass it to `RainbowKitAuthenticationProvider`, together with `getStatus()` as its `status`. */
  readonly adapter: RainbowKitAdapter
}

/**
 * Makes RainbowKit's dialog sign in with a session. The wallet shows the message of `DIDSession.get`. Once it is signed, the session is
 * stored, and `getSession()` returns it. Create it once, outside of components. Throws a `TypeError` for a wrong option.
 *
 * Signing out works in both directions: if the wallet is disconnected or switches to a different account, the session is signed out; if
 * a session ends in any tab, the status becomes `unauthenticated`. Pass the wallet's account to `setAccount`: a tab may learn late that
 * the wallet has switched, and would otherwise sign out the new account, if another tab has signed it in meanwhile. The adapter's
 * functions reject with a `SessionError`, as `DIDSession.get` does, and RainbowKit's dialog shows the failure. `signOut` never rejects,
 * because RainbowKit doesn't await it.
 *
 * @example
 * const auth = rainbowKitAuth({ resources: ['https://api.example.com/notes/*'], anyChain: true })
 * const [adapter, status] = [auth.adapter, auth.getStatus()]
 */
export function rainbowKitAuth(options: KitOptions): RainbowKitAuth {
  const session = new KitSession(options)
  const adapter: RainbowKitAdapter = {
    getNonce: () => session.nonce(),
    createMessage: ({ nonce, address, chainId }) =>
      session.startSignIn(`eip155:${chainId}:${address}`, nonce),
    verify: async ({ message, signature }) =>
      (await session.completeSignIn(message, signature)).isAuthorized(),
    signOut: async () => void (await session.signOut()),
  }
  return { ...session.auth, adapter }
}
