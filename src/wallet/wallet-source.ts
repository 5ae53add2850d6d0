import type { AuthMethod } from '../capability/auth-method.js'

/**
 * Where a sign-in button finds ways to sign in: `ethereumWallets()`, `solanaWallets()`, `passkeys()`, or one of the
 * app's own, such as WalletConnect.
 *
 * @example
 * import type { WalletSource } from 'cacao-session/ethereum'
 * const phone: WalletSource = {
 *   async find(onChoice) {
 *     onChoice({
 *       id: 'walletconnect',
 *       name: 'WalletConnect',
 *       account: async () => ethereumAccount(await connect()),
 *       authMethod: (account) => ethereumAuth(provider, account),
 *     })
 *   },
 * }
 */
export interface WalletSource {
  /**
   * Calls `onChoice` for each way to sign in that it finds, later too, until `signal` is aborted. Resolves when it has
   * looked: if nothing was found by then, the button shows `help`. Opens nothing.
   */
  find(onChoice: (choice: WalletChoice) => void, signal: AbortSignal): Promise<void>
  /** The URL of a page that helps a person who has nothing to sign in with. */
  readonly help?: string
}

/** One way to sign in: a wallet, a passkey, or a new passkey. */
export interface WalletChoice {
  /** Tells it apart from all others of the page. */
  readonly id: string
  /** Its name for the person; empty if it has none. The button has words of its own for that, and for passkeys. */
  readonly name: string
  /** The URL of its picture. */
  readonly icon?: string
  /** What it is, if it is not a wallet: a passkey that this browser knows, any passkey, or one that is yet to be made. */
  readonly kind?: 'known-passkey' | 'passkey' | 'new-passkey'
  /** Has the person choose an account, and resolves with its CAIP-10 id or did:key. It may open the wallet. */
  account(signal: AbortSignal): Promise<string>
  /** Makes the auth method that signs in with the account. */
  authMethod(account: string): AuthMethod
  /**
   * Resolves with the account that it can sign for, if it is known without opening anything. The button renews a session
   * with the choice that has its account; without this method it asks the person to choose.
   */
  knownAccount?(): Promise<string | undefined>
}
