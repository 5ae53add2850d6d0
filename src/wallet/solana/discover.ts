import { walletIcon, walletName } from '../announced-wallets.js'
import type { SolanaStandardWallet } from './signer.js'
/** A wallet with Solana accounts that registered in the page (Wallet Standard). Its name and icon are its own claims. */
export interface DiscoveredSolanaWallet {
  /** On one line, of 64 characters at most, without any that hide or turn others. */
  readonly name: string
  /** A `data:image/…` URL for an `<img>`; empty if the wallet gave anything else. */
  readonly icon: string
  readonly wallet: SolanaStandardWallet
}

/** How long wallets are waited for, and who is told of them. */
export interface DiscoverSolanaWalletsOptions {
  /** Called for each wallet as it appears, for as long as `signal` is not aborted. */
  onWallet?: (wallet: DiscoveredSolanaWallet) => void
  /** Ends the discovery and removes the listener. */
  signal?: AbortSignal
}

/**
 * The Solana wallets in the page, by the Wallet Standard; those that load later reach `onWallet`. Where there is no window
 * there are no wallets. Rejects with the signal's reason if it is aborted before.
 *
 * @example
 * const wallets = await discoverSolanaWallets()
 */
export async function discoverSolanaWallets({
  onWallet,
  signal,
}: DiscoverSolanaWalletsOptions = {}): Promise<DiscoveredSolanaWallet[]> {
  signal?.throwIfAborted()
  if (typeof window === 'undefined') return []
  const wallets = new Map<unknown, DiscoveredSolanaWallet>()
  const register = (...offered: unknown[]): (() => void) => {
    for (const wallet of offered) {
      const found = walletOf(wallet)
      if (!found || wallets.has(wallet) || wallets.size >= MOST_WALLETS) continue
      wallets.set(wallet, found)
      if (onWallet) tell(onWallet, found)
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
      // The wallet's own affair; the others are none the worse.
    }
  }
  window.addEventListener('wallet-standard:register-wallet', announced)
  const stop = (): void => window.removeEventListener('wallet-standard:register-wallet', announced)
  signal?.addEventListener('abort', stop, { once: true })
  // Wallets that are there register before this returns.
  window.dispatchEvent(new CustomEvent('wallet-standard:app-ready', { detail: api }))
  if (!onWallet) stop()
  return [...wallets.values()]
}

// Whoever registers more means harm.
const MOST_WALLETS = 100

// What the app's listener throws reaches the page, and not the wallet that is registering.
function tell(onWallet: (wallet: DiscoveredSolanaWallet) => void, found: DiscoveredSolanaWallet): void {
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
    // A getter or a proxy of the wallet's threw; the others are none the worse.
    return undefined
  }
}

function readWallet(offered: unknown): DiscoveredSolanaWallet | undefined {
  const { name: claimed, icon, chains, features, accounts } = (offered ?? {}) as Record<string, unknown>
  const name = walletName(claimed)
  if (name === undefined || typeof features !== 'object' || features === null) return undefined
  const isSolana =
    Array.isArray(chains) && chains.some((chain) => typeof chain === 'string' && chain.startsWith('solana:'))
  if (!isSolana || !Array.isArray(accounts)) return undefined
  return Object.freeze({ name, icon: walletIcon(icon), wallet: offered as SolanaStandardWallet })
}
