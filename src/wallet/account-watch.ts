import type { EIP1193Provider } from './ethereum-signer.js'
import { answeredAccounts, type Reported, shownAccounts } from './shown-accounts.js'

/** The events that may change what a wallet shows. */
export type WalletEvent = 'accountsChanged' | 'chainChanged' | 'disconnect' | 'connect'

/** What the wallet shows now. */
export interface WalletChange {
  /** The chosen account, a CAIP-10 id in lower case; `undefined` if the wallet is locked or disconnected. */
  readonly account: string | undefined
  /** All accounts that the page may see, the chosen one first. */
  readonly accounts: readonly string[]
  /** Whether the chosen account is the one that is watched. */
  readonly isWatched: boolean
}

export interface Watched {
  readonly provider: EIP1193Provider
  readonly listener: (change: WalletChange) => unknown
  /** The account that is watched; by default, the one that the wallet showed first. */
  readonly account: string | undefined
  readonly anyChain: boolean
  /** What the wallet answers to `eth_accounts` and `eth_chainId` at the start. */
  readonly answers: Promise<readonly unknown[]>
  /** Ends the watching. */
  readonly signal: AbortSignal
}

/** What an event tells; `undefined` has to be asked. */
const tellings: Readonly<Record<WalletEvent, (payload: unknown) => Reported>> = {
  accountsChanged: (addresses) => ({ addresses }),
  chainChanged: (chain) => ({ chain }),
  disconnect: () => ({ addresses: [] }),
  // Wallets that come back from a disconnection may say no more than this.
  connect: () => ({ addresses: undefined, chain: undefined }),
}

/** Compares what a wallet shows with what the listener knows, and tells it of changes, one at a time. */
export class AccountWatch {
  readonly #watched: Watched
  readonly #started: Promise<void>
  #account: string | undefined
  #known: string | undefined
  #shown: readonly string[] = []
  #hasShownAny = false
  #reported: Reported = {}
  #looks = 0
  #isTelling = false

  constructor(watched: Watched) {
    this.#watched = watched
    this.#account = watched.account
    this.#known = watched.account
    this.#started = this.#start()
  }

  /**
   * Takes an event. Wallets emit an account and its chain one after the other, in either order: the
   * rest is asked, and of looks that overlap only the last one counts.
   */
  async take(event: WalletEvent, payload: unknown): Promise<void> {
    this.#reported = { ...this.#reported, ...tellings[event](payload) }
    this.#looks += 1
    const look = this.#looks
    await this.#started
    const accounts = await shownAccounts(this.#watched.provider, this.#reported)
    if (look !== this.#looks) return
    this.#reported = {}
    await this.#show(accounts)
  }

  async #start(): Promise<void> {
    const accounts = await answeredAccounts(this.#watched.answers)
    this.#hasShownAny = accounts.length > 0
    if (this.#watched.account === undefined) {
      this.#account = accounts[0]
      this.#known = accounts[0]
    }
    // What was emitted meanwhile is newer.
    if (this.#looks === 0) void this.#show(accounts)
  }

  async #show(accounts: readonly string[]): Promise<void> {
    this.#hasShownAny ||= accounts.length > 0
    // A wallet that is locked when an app opens is no other account: a session needs no wallet.
    if (!this.#hasShownAny) return
    this.#shown = accounts
    if (this.#isTelling) return
    this.#isTelling = true
    while (!this.#watched.signal.aborted && !this.#isSame(this.#shown[0], this.#known)) {
      this.#known = this.#shown[0]
      await this.#tell()
    }
    this.#isTelling = false
  }

  async #tell(): Promise<void> {
    const accounts = this.#shown.map((id) => (this.#isSame(id, this.#account) ? (this.#account ?? id) : id))
    const [account] = accounts
    try {
      const isWatched = account !== undefined && account === this.#account
      await this.#watched.listener({ account, accounts, isWatched })
    } catch (error) {
      // Not into the wallet's emitter, but not lost either.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #isSame(a: string | undefined, b: string | undefined): boolean {
    return this.#watched.anyChain ? addressOf(a) === addressOf(b) : a === b
  }
}

function addressOf(account: string | undefined): string | undefined {
  return account?.slice(account.lastIndexOf(':') + 1)
}
