import { abortable, throwIfAborted } from '../../base/abort.js'
import { assertOptions } from '../message-options.js'
import { isWalletUUID, walletIcon, walletName, walletRdns } from '../wallet-info.js'
import type { EIP1193Provider } from './signer.js'

// A page with more wallets than this is probably under attack.
const MAX_WALLETS = 100

/**
 * A wallet that announced itself in the page (EIP-6963). Its name, icon and rdns are what it says about
 * itself and are not verified.
 */
export interface DiscoveredWallet {
  /**
   * Identifies this wallet among those that were found, until the page is closed: a UUID v4, followed by a
   * number if another wallet has the same one.
   */
  readonly uuid: string
  /**
   * One line of at most 64 characters, without characters that are invisible or change the direction of text.
   */
  readonly name: string
  /** A `data:image/…` URL for an `<img>`; empty if the wallet announced anything else. */
  readonly icon: string
  /** A reverse domain name such as `io.metamask`; empty if the wallet announced anything else. */
  readonly rdns: string
  readonly provider: EIP1193Provider
}

/** How long to wait for wallets, and a callback for each of them. */
export interface DiscoverWalletsOptions {
  /** Called for each wallet that is found, until `signal` is aborted. */
  onWallet?: (wallet: DiscoveredWallet) => void
  /** Ends the discovery and removes the event listener. */
  signal?: AbortSignal
  /** Milliseconds to wait for wallets before the promise resolves; 100 by default. */
  timeoutMs?: number
}

/**
 * Asks the wallets in the page to announce themselves (EIP-6963) and resolves with those that did so within
 * `timeoutMs`. Wallets that load later are passed to `onWallet`. Where there is no `window`, there are no
 * wallets. Rejects with the reason of `signal` if it is aborted first.
 *
 * @example
 * for (const { name, provider } of await discoverWallets())
 *   addButton(name, async () => signIn(await ethereumAccount(provider)))
 */
export async function discoverWallets(options: DiscoverWalletsOptions = {}): Promise<DiscoveredWallet[]> {
  assertOptions(options, ['onWallet', 'signal', 'timeoutMs'])
  const { onWallet, signal, timeoutMs = 100 } = options
  throwIfAborted(signal)
  if (typeof window === 'undefined') return []
  const wallets = new Map<string, DiscoveredWallet>()
  const announced = (event: Event): void => {
    const wallet = walletOf((event as CustomEvent<unknown>).detail)
    if (!wallet || wallets.size >= MAX_WALLETS) return
    // Two wallets with the same uuid are both listed, so that neither can hide the other, unless a person
    // could not tell them apart anyway.
    const { uuid, name, rdns, provider } = wallet
    let own = uuid
    for (let other = wallets.get(own), number = 2; other; other = wallets.get(own)) {
      if (other.provider === provider || (other.name === name && other.rdns === rdns)) return
      own = `${uuid}-${number++}`
    }
    const found = Object.freeze({ ...wallet, uuid: own })
    wallets.set(own, found)
    onWallet?.(found)
  }
  window.addEventListener('eip6963:announceProvider', announced, signal && { signal })
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  await abortable(new Promise((resolve) => setTimeout(resolve, timeoutMs)), signal)
  if (!onWallet) window.removeEventListener('eip6963:announceProvider', announced)
  return [...wallets.values()]
}

function walletOf(detail: unknown): DiscoveredWallet | undefined {
  try {
    const { info, provider } = detail as { info: Record<string, unknown>; provider: EIP1193Provider }
    const { uuid, icon, rdns } = info
    const name = walletName(info['name'])
    if (typeof provider.request !== 'function' || typeof rdns !== 'string') return undefined
    if (name === undefined || !isWalletUUID(uuid)) return undefined
    return { uuid, name, icon: walletIcon(icon), rdns: walletRdns(rdns), provider }
  } catch {
    // Something is missing, or a getter or proxy of this wallet threw. Ignore it: the other wallets still work.
    return undefined
  }
}
