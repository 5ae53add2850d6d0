import { isWalletUUID, walletIcon, walletName, walletRdns } from '../announced-wallets.js'
import type { EIP1193Provider } from './signer.js'
/** A wallet that announced itself in the page (EIP-6963). Its name, icon and rdns are its own claims. */
export interface DiscoveredWallet {
  /** Identifies this wallet among those that were found, until the page is left (UUID v4; with a number behind it if it was taken). */
  readonly uuid: string
  /** On one line, of 64 characters at most, without any that hide or turn others. */
  readonly name: string
  /** A `data:image/…` URL for an `<img>`; empty if the wallet gave anything else. */
  readonly icon: string
  /** Reverse domain name, such as `io.metamask`; empty if the wallet gave anything else. */
  readonly rdns: string
  readonly provider: EIP1193Provider
}

/** How long wallets are waited for, and who is told of them. */
export interface DiscoverWalletsOptions {
  /** Called for each wallet as it appears, for as long as `signal` is not aborted. */
  onWallet?: (wallet: DiscoveredWallet) => void
  /** Ends the discovery and removes the listener. */
  signal?: AbortSignal
  /** Milliseconds to wait for wallets before the promise resolves; 100 by default. */
  waitMs?: number
}

/**
 * Asks the wallets in the page to announce themselves (EIP-6963) and resolves with those that did so within
 * `waitMs`. Wallets that load later reach `onWallet`. Where there is no window there are no wallets. Rejects
 * with the signal's reason if it is aborted before.
 *
 * @example
 * for (const { name, provider } of await discoverWallets())
 *   addButton(name, async () => signIn(await ethereumAccount(provider)))
 */
export async function discoverWallets(options: DiscoverWalletsOptions = {}): Promise<DiscoveredWallet[]> {
  const { onWallet, signal, waitMs = 100 } = options
  signal?.throwIfAborted()
  if (typeof window === 'undefined') return []
  const wallets = new Map<string, DiscoveredWallet>()
  const announced = (event: Event): void => {
    const wallet = walletOf((event as CustomEvent<unknown>).detail)
    if (!wallet || wallets.size >= MOST_WALLETS) return
    // Two wallets that give one uuid are two, unless a person couldn't tell them apart: neither hides the other.
    const { uuid, name, rdns, provider } = wallet
    let [own, number] = [uuid, 1]
    for (let other = wallets.get(own); other; other = wallets.get(own)) {
      if (other.provider === provider || (other.name === name && other.rdns === rdns)) return
      number += 1
      own = `${uuid}-${number}`
    }
    const found = own === uuid ? wallet : Object.freeze({ ...wallet, uuid: own })
    wallets.set(own, found)
    onWallet?.(found)
  }
  const stop = (): void => window.removeEventListener('eip6963:announceProvider', announced)
  window.addEventListener('eip6963:announceProvider', announced)
  signal?.addEventListener('abort', stop, { once: true })
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  await elapsed(waitMs, signal)
  if (!onWallet) {
    stop()
    signal?.removeEventListener('abort', stop)
  }
  return [...wallets.values()]
}

// Whoever announces more means harm.
const MOST_WALLETS = 100

function walletOf(detail: unknown): DiscoveredWallet | undefined {
  try {
    return readWallet(detail)
  } catch {
    // A getter or a proxy of the wallet's threw; the others are none the worse.
    return undefined
  }
}

function readWallet(detail: unknown): DiscoveredWallet | undefined {
  const { info, provider } = (detail ?? {}) as {
    info?: Record<string, unknown>
    provider?: Partial<EIP1193Provider>
  }
  if (typeof info !== 'object' || info === null || typeof provider?.request !== 'function') return undefined
  const { uuid, icon, rdns } = info
  const name = walletName(info['name'])
  if (!isWalletUUID(uuid) || name === undefined || typeof rdns !== 'string') return undefined
  return Object.freeze({
    uuid,
    name,
    icon: walletIcon(icon),
    rdns: walletRdns(rdns),
    provider: provider as EIP1193Provider,
  })
}

function elapsed(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }, ms)
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
