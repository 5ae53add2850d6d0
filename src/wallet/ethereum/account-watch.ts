import { parseAccount } from '../../base/account.js'
import { within } from '../../base/environment.js'
import { chainReference } from './chain-id.js'
import type { EIP1193Provider } from './signer.js'

// A wallet answers these requests without asking the person. If it hangs, the app must not go on acting for
// an account that may no longer be chosen.
const ANSWER_MS = 3000
const PLACEHOLDER_ADDRESS = `0x${'0'.repeat(40)}`

/** The events after which a wallet may show different accounts. */
export type WalletEvent = 'accountsChanged' | 'chainChanged' | 'disconnect' | 'connect'

/** What the wallet shows now. */
export interface WalletChange {
  /** The CAIP-10 id of the chosen account, in lower case; `undefined` if the wallet is locked or disconnected. */
  readonly account: string | undefined
  /** All accounts that the wallet shows to the page, the chosen one first. */
  readonly accounts: readonly string[]
  /** Whether the chosen account is the watched one. */
  readonly isWatched: boolean
}

/** What an `AccountWatch` watches. */
export interface WatchSettings {
  readonly provider: EIP1193Provider
  readonly listener: (change: WalletChange) => unknown
  /** The account to watch; by default, the one that the wallet shows first. */
  readonly account: string | undefined
  readonly anyChain: boolean
  /** The answers to `eth_accounts` and `eth_chainId` when watching began. */
  readonly answers: Promise<readonly unknown[]>
  /** Stops watching. */
  readonly signal: AbortSignal
}

/**
 * Compares the accounts that a wallet shows with those that the listener knows, and reports changes one at a
 * time.
 */
export class AccountWatch {
  readonly #settings: WatchSettings
  readonly #started: Promise<void>
  #account: string | undefined
  #known: string | undefined
  #shown: readonly string[] = []
  #hasShownAny = false
  #reported: ReportedState = {}
  #checks = 0
  #isNotifying = false

  constructor(settings: WatchSettings) {
    this.#settings = settings
    this.#account = settings.account
    this.#known = settings.account
    this.#started = this.#start()
  }

  /**
   * Handles an event of the wallet. Wallets emit a new account and its chain as two events, in either order,
   * so whatever the event doesn't report is requested. If checks overlap, only the last one counts.
   */
  async handle(event: WalletEvent, payload: unknown): Promise<void> {
    this.#reported = { ...this.#reported, ...REPORTED_BY[event](payload) }
    this.#checks += 1
    const check = this.#checks
    await this.#started
    const accounts = await shownAccounts(this.#settings.provider, this.#reported)
    if (check !== this.#checks) return
    this.#reported = {}
    await this.#show(accounts)
  }

  async #start(): Promise<void> {
    const accounts = await answeredAccounts(this.#settings.answers)
    this.#hasShownAny = accounts.length > 0
    if (this.#settings.account === undefined) {
      this.#account = accounts[0]
      this.#known = accounts[0]
    }
    // An event that arrived in the meantime is newer than these answers.
    if (this.#checks === 0) void this.#show(accounts)
  }

  async #show(accounts: readonly string[]): Promise<void> {
    this.#hasShownAny ||= accounts.length > 0
    // A wallet that is locked when the app opens has not changed accounts: a session needs no wallet.
    if (!this.#hasShownAny) return
    this.#shown = accounts
    if (this.#isNotifying) return
    this.#isNotifying = true
    while (!this.#settings.signal.aborted && !this.#isSame(this.#shown[0], this.#known)) {
      this.#known = this.#shown[0]
      await this.#notify()
    }
    this.#isNotifying = false
  }

  async #notify(): Promise<void> {
    const accounts = this.#shown.map((id) => (this.#isSame(id, this.#account) ? (this.#account ?? id) : id))
    const [account] = accounts
    try {
      const isWatched = account !== undefined && account === this.#account
      await this.#settings.listener({ account, accounts, isWatched })
    } catch (error) {
      // An error of the listener must not reach the wallet's emitter, but must not get lost either.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #isSame(a: string | undefined, b: string | undefined): boolean {
    return this.#settings.anyChain ? addressOf(a) === addressOf(b) : a === b
  }
}

function addressOf(account: string | undefined): string | undefined {
  return account?.slice(account.lastIndexOf(':') + 1)
}

/** The part of the state that each event reports. */
const REPORTED_BY: Readonly<Record<WalletEvent, (payload: unknown) => ReportedState>> = {
  accountsChanged: (addresses) => ({ addresses }),
  chainChanged: (chain) => ({ chain }),
  disconnect: () => ({ addresses: [] }),
  // After a disconnection, some wallets emit nothing but this event.
  connect: () => ({ addresses: undefined, chain: undefined }),
}

/**
 * The state that the wallet's events reported, unparsed. A member that is `undefined` has to be requested from the wallet.
 */
export interface ReportedState {
  readonly addresses?: unknown
  readonly chain?: unknown
}

/**
 * Returns the CAIP-10 ids of the accounts that the wallet shows, the chosen one first. Requests from the
 * wallet whatever was not reported or cannot be parsed; the wallet never opens.
 */
export async function shownAccounts(
  provider: EIP1193Provider,
  { addresses, chain }: ReportedState,
): Promise<readonly string[]> {
  if (Array.isArray(addresses) && addresses.length === 0) return []
  const ask = async (method: string): Promise<unknown> => provider.request({ method })
  return answeredAccounts(
    Promise.all([
      accountsOf(addresses, 1) ? addresses : ask('eth_accounts'),
      accountsOf([PLACEHOLDER_ADDRESS], chain) ? chain : ask('eth_chainId'),
    ]),
  )
}

/**
 * Parses the answers to `eth_accounts` and `eth_chainId`. Returns no accounts if the wallet fails, does not
 * answer within 3 seconds, or answers with something that cannot be parsed.
 */
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
