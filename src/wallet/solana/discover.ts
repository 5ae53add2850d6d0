import { assertOptions } from '../message-options.js'
import { walletIcon, walletName } from '../wallet-info.js'
import type { SolanaStandardWallet } from './signer.js'

// A page with more wallets than this is probably under attack.
const MAX_WALLETS = 100

/**
 * A wallet with Solana accounts that registered itself in the page (Wallet Standard). Its name and icon are
 * what it says about itself and are not verified.
 */
export interface DiscoveredSolanaWallet {
  /**
   * One line of at most 64 characters, without characters that are invisible or change the direction of text.
   */
  readonly name: string
  /** A `data:image/…` URL for an `<img>`; empty if the wallet registered anything else. */
  readonly icon: string
  readonly wallet: SolanaStandardWallet
}

/** How long to listen for wallets, and a callback for each of them. */
export interface DiscoverSolanaWalletsOptions {
  /** Called for each wallet that is found, until `signal` is aborted. */
  onWallet?: (wallet: DiscoveredSolanaWallet) => void
  /** Ends the discovery and removes the event listener. */
  signal?: AbortSignal
}

/**
 * Returns the Solana wallets that have registered themselves in the page (Wallet Standard). Wallets that load
 * later are passed to `onWallet`. Where there is no `window`, there are no wallets. Rejects with the reason
 * of `signal` if it is aborted first.
 *
 * @example
 * const wallets = await discoverSolanaWallets()
 */
export async function discoverSolanaWallets(
  options: DiscoverSolanaWalletsOptions = {},
): Promise<DiscoveredSolanaWallet[]> {
  assertOptions(options, ['onWallet', 'signal'])
  const { onWallet, signal } = options
  signal?.throwIfAborted()
  if (typeof window === 'undefined') return []
  const wallets = new Map<unknown, DiscoveredSolanaWallet>()
  const register = (...offered: unknown[]): (() => void) => {
    for (const wallet of offered) {
      const found = walletOf(wallet)
      if (!found || wallets.has(wallet) || wallets.size >= MAX_WALLETS) continue
      wallets.set(wallet, found)
      if (onWallet) notify(onWallet, found)
    }
    return () => {
      for (const wallet of offered) wallets.delete(wallet)
    }
  }
  const api = Object.freeze({ register })
  const announced = (event: Event): void => {
    const { detail } = event as CustomEvent<unknown>
    try {
      if (typeof detail === 'function') detail(api)
    } catch {
      // Ignore a wallet that fails to register: the other wallets still work.
    }
  }
  window.addEventListener('wallet-standard:register-wallet', announced, signal && { signal })
  // Wallets that have already loaded register themselves before this call returns.
  window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: api }))
  if (!onWallet) window.removeEventListener('wallet-standard:register-wallet', announced)
  return [...wallets.values()]
}

// An error of the app's callback is reported to the page, not thrown into the wallet that is registering.
function notify(onWallet: (wallet: DiscoveredSolanaWallet) => void, found: DiscoveredSolanaWallet): void {
  try {
    onWallet(found)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

function walletOf(offered: unknown): DiscoveredSolanaWallet | undefined {
  try {
    return readWallet(offered)
  } catch {
    // A getter or proxy of this wallet threw. Ignore it: the other wallets still work.
    return undefined
  }
}

function readWallet(offered: unknown): DiscoveredSolanaWallet | undefined {
  const {
    name: registeredName,
    icon,
    chains,
    features,
    accounts,
  } = (offered ?? {}) as Record<string, unknown>
  const name = walletName(registeredName)
  if (name === undefined || typeof features !== 'object' || features === null) return undefined
  const isSolana =
    Array.isArray(chains) && chains.some((chain) => typeof chain === 'string' && chain.startsWith('solana:'))
  if (!isSolana || !Array.isArray(accounts)) return undefined
  return Object.freeze({ name, icon: walletIcon(icon), wallet: offered as SolanaStandardWallet })
}
