import type { AuthMethod } from '../capability/auth-method.js'
import {
  discoverWallets,
  type EIP1193Provider,
  type EthereumAuthOptions,
  ethereumAccount,
  ethereumAuth,
} from './ethereum/index.js'
import { assertMessageOptions, ETHEREUM_OPTIONS, PASSKEY_OPTIONS, SOLANA_OPTIONS } from './message-options.js'
import { discoverSolanaWallets, type SolanaAuthOptions, solanaAccount, solanaAuth } from './solana/index.js'
import {
  createPasskey,
  knownPasskeys,
  type WebAuthnAuthOptions,
  webauthnAccount,
  webauthnAuth,
} from './webauthn/index.js'

export type { EthereumAuthOptions } from './ethereum/index.js'
export type { SolanaAuthOptions } from './solana/index.js'
export type { WebAuthnAuthOptions } from './webauthn/index.js'

/**
 * Finds ways to sign in for a sign-in button: `ethereumWallets()`, `solanaWallets()`, `passkeys()`, or a source of the app's own,
 * for example for WalletConnect.
 *
 * @example
 * import type { WalletSource } from 'cacao-session/wallets'
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
   * Calls `onChoice` for each way to sign in that it finds, until `signal` is aborted, also after the promise has resolved. A choice
   * replaces an earlier one with the same `id`. Resolves when the search is over: if nothing was found by then, the button shows
   * `help`. It must not open a wallet or a dialog.
   */
  find(onChoice: (choice: WalletChoice) => void, signal: AbortSignal): Promise<void>
  /** The URL of a page that helps a person who has nothing to sign in with. */
  readonly help?: string
}

/** One way to sign in: a wallet, a passkey, or a new passkey. */
export interface WalletChoice {
  /** Identifies this choice; unique in the page. */
  readonly id: string
  /** The name that the person sees. If it is empty, the button shows a text of its own, as it does for passkeys. */
  readonly name: string
  /** The URL of its icon. */
  readonly icon?: string
  /** Absent for a wallet. Otherwise: a passkey that this browser knows, any passkey, or a new passkey to create. */
  readonly kind?: 'known-passkey' | 'passkey' | 'new-passkey'
  /** Lets the person choose an account, and resolves with its CAIP-10 id or did:key. It may open the wallet. */
  account(signal: AbortSignal): Promise<string>
  /** Makes the auth method that signs in with the account. */
  authMethod(account: string): AuthMethod
  /**
   * Resolves with the account that it can sign for, if it is known without opening anything. The button renews a session
   * with the choice that has its account; without this method it asks the person to choose.
   */
  knownAccount?(): Promise<string | undefined>
}

/**
 * The Ethereum wallets of this browser: those that announce themselves (EIP-6963), or else the one in
 * `window.ethereum`. Takes the options of `ethereumAuth`.
 *
 * @example
 * const wallets = [ethereumWallets(), passkeys()]
 */
export function ethereumWallets(options: EthereumAuthOptions = {}): WalletSource {
  assertMessageOptions(options, ETHEREUM_OPTIONS)
  return {
    help: 'https://ethereum.org/wallets/',
    async find(onChoice, signal) {
      const add = (provider: EIP1193Provider, shown: Pick<WalletChoice, 'id' | 'name' | 'icon'>): void =>
        onChoice({
          ...shown,
          account: (signal) => ethereumAccount(provider, { signal }),
          authMethod: (account) => ethereumAuth(provider, account, options),
          knownAccount: () => ethereumAccount(provider, { silent: true }),
        })
      let unnamed: EIP1193Provider | undefined
      const [announced] = await discoverWallets({
        signal,
        onWallet({ provider, uuid, name, icon }) {
          // A wallet that announces itself late replaces the unnamed choice for the same provider.
          const id = provider === unnamed ? 'ethereum' : `ethereum:${uuid}`
          add(provider, { id, name, icon })
        },
      })
      // Wallets older than EIP-6963, and the browsers inside wallet apps, are only found in `window.ethereum`.
      const { ethereum } = globalThis as { ethereum?: EIP1193Provider }
      if (announced || typeof ethereum?.request !== 'function') return
      unnamed = ethereum
      add(ethereum, { id: 'ethereum', name: '' })
    },
  }
}

/**
 * The Solana wallets of this browser (Wallet Standard). Takes the options of `solanaAuth`.
 *
 * @example
 * const wallets = [ethereumWallets(), solanaWallets()]
 */
export function solanaWallets(options: SolanaAuthOptions = {}): WalletSource {
  assertMessageOptions(options, SOLANA_OPTIONS)
  return {
    help: 'https://solana.com/wallets',
    async find(onChoice, signal) {
      let number = 0
      await discoverSolanaWallets({
        signal,
        onWallet({ name, icon, wallet }) {
          number += 1
          onChoice({
            id: `solana:${number}`,
            name,
            icon,
            account: (signal) => solanaAccount(wallet, { signal }),
            authMethod: (account) => solanaAuth(wallet, account, options),
            knownAccount: () => solanaAccount(wallet, { silent: true }),
          })
        },
      })
    },
  }
}

/** Options of `passkeys`. */
export interface PasskeysOptions extends WebAuthnAuthOptions {
  /**
   * The name of a new passkey, or a function that returns it, for example after asking the person. The default is the page's host
   * name and a number.
   */
  name?: string | (() => string | Promise<string>)
}

/**
 * Passkeys: those that were used in this browser, any other passkey, and a new one. Finds nothing in browsers without WebAuthn.
 * Throws a `TypeError` for a wrong option.
 *
 * @example
 * const wallets = [passkeys({ name: 'alice@example.com' })]
 */
export function passkeys(given: PasskeysOptions = {}): WalletSource {
  assertMessageOptions(given, [...PASSKEY_OPTIONS, 'name'])
  const { name, ...options } = given
  if (name !== undefined && typeof name !== 'function' && (typeof name !== 'string' || name === ''))
    throw new TypeError('name must be a non-empty string, or a function that returns one')
  const authMethod = (account: string): ReturnType<typeof webauthnAuth> => webauthnAuth(account, options)
  return {
    async find(onChoice, signal) {
      if (typeof PublicKeyCredential === 'undefined') return
      const known = await knownPasskeys()
      signal.throwIfAborted()
      for (const { account, id, name = '' } of known)
        onChoice({
          id: `passkey:${id}`,
          name,
          kind: 'known-passkey',
          account: async () => account,
          authMethod,
          knownAccount: async () => account,
        })
      onChoice({
        id: 'passkey',
        name: '',
        kind: 'passkey',
        account: (signal) => webauthnAccount({ ...options, signal }),
        authMethod,
      })
      onChoice({
        id: 'new-passkey',
        name: '',
        kind: 'new-passkey',
        async account(signal) {
          const chosenName = typeof name === 'function' ? await name() : name
          const { rpId, userVerification, timeoutMs } = options
          return createPasskey({
            name: chosenName ?? `${location.hostname} ${(await knownPasskeys()).length + 1}`,
            signal,
            ...(rpId !== undefined && { rpId }),
            ...(userVerification !== undefined && { userVerification }),
            ...(timeoutMs !== undefined && { timeoutMs }),
          })
        },
        authMethod,
      })
    },
  }
}
