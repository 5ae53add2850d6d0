import { parseAccount } from '../base/account.js'
import { within } from '../base/time.js'
import type { EIP1193Provider } from './ethereum/signer.js'
/** What a wallet told of what it shows, in its own words. */
export interface Reported {
  readonly addresses?: unknown
  readonly chain?: unknown
}

// A wallet knows these without asking anyone. One that hangs must not keep an app acting for who was there before.
const ANSWER_MS = 3000
const ANYONE = `0x${'0'.repeat(40)}`

/**
 * The CAIP-10 ids of the accounts that the wallet shows, the chosen one first. It is asked for what is not
 * reported, or makes no sense, and never opens.
 */
export async function shownAccounts(
  provider: EIP1193Provider,
  { addresses, chain }: Reported,
): Promise<readonly string[]> {
  if (Array.isArray(addresses) && addresses.length === 0) return []
  const ask = async (method: string): Promise<unknown> => provider.request({ method })
  return answeredAccounts(
    Promise.all([
      accountsOf(addresses, 1) ? addresses : ask('eth_accounts'),
      accountsOf([ANYONE], chain) ? chain : ask('eth_chainId'),
    ]),
  )
}

/** The same from its answers. If it fails to answer, or answers nonsense, it shows none. */
export async function answeredAccounts(answers: Promise<readonly unknown[]>): Promise<readonly string[]> {
  const accounts = answers.then(
    ([addresses, chain]) => accountsOf(addresses, chain),
    () => undefined,
  )
  return (await within(ANSWER_MS, accounts)) ?? []
}

function accountsOf(addresses: unknown, chain: unknown): string[] | undefined {
  const reference = chainReference(chain)
  if (!Array.isArray(addresses) || reference === undefined) return undefined
  const accounts = addresses.map((address: unknown) =>
    typeof address === 'string' ? parseAccount(`eip155:${reference}:${address}`) : undefined,
  )
  return accounts.every((account) => account !== undefined)
    ? accounts.map(({ address }) => `eip155:${reference}:${address}`)
    : undefined
}

/** The chain's number in decimal, from the ways in which wallets write it. */
function chainReference(chain: unknown): string | undefined {
  const isText = typeof chain === 'string' && /^(0x[0-9a-f]+|[0-9]+)$/i.test(chain)
  return isText || Number.isSafeInteger(chain) || typeof chain === 'bigint'
    ? String(BigInt(chain as string | number | bigint))
    : undefined
}

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
