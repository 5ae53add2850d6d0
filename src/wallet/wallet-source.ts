import { accountArgument, chainless } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'

/**
 * Where a sign-in button finds ways to sign in: `ethereumWallets()`, `solanaWallets()`, `passkeys()`, or one of the
 * app's own, such as WalletConnect.
 *
 * @example
 * const phone: WalletSource = {
 *   async find(onChoice) {
 *     onChoice({
 *       id: 'walletconnect',
 *       name: 'WalletConnect',
 *       account: async () => ethereumAccount(await connect()),
 *       authMethod: (account) => ethereumAuth(window.ethereum, account),
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
  /** What the person can do if nothing is found, such as where to get a wallet. */
  readonly help?: WalletHelp
}

/** A link for people who have nothing to sign in with. */
export interface WalletHelp {
  readonly text: string
  readonly url: string
}

/** One way to sign in: a wallet, a passkey, or a new passkey. */
export interface WalletChoice {
  /** Tells it apart from all others of the page. */
  readonly id: string
  /** Its name for the person. The button has words of its own for passkeys. */
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
   * Whether it can sign for the account, found out without opening anything. The button renews a session with the
   * choice that can; without this method it asks the person to choose.
   */
  holds?(account: string): Promise<boolean>
}

/** Whether two account ids have the same address, on whatever chain. */
export function haveSameAddress(one: string | undefined, other: string): boolean {
  return one !== undefined && chainless(accountArgument(one)) === chainless(accountArgument(other))
}
