import type { EIP1193Provider } from '../wallet/ethereum/signer.js'
import { assertOptions } from '../wallet/message-options.js'
import {
  connectionAnswer,
  FakeUser,
  rpcError,
  signatureAnswer,
  testAccount,
  textToSign,
  type WalletBehaviour,
} from './fake-user.js'
import { type Restore, restoreOnce } from './replace.js'

/** Options of `testWallet`. */
export interface TestWalletOptions {
  /** The private key: 32 bytes in hex. The default is a well-known key. Use a key that is worth nothing. */
  privateKey?: string
  /** The chain that the wallet is on; 1 by default. */
  chainId?: number
  /** Whether the site is connected from the start; true by default. */
  connected?: boolean
  /** The first behaviour of the user; `approves` by default. */
  behaviour?: WalletBehaviour
  /** The name that the wallet announces (EIP-6963); `Test wallet` by default. */
  name?: string
  /** The reverse domain name that the wallet announces; `example.test-wallet` by default. */
  rdns?: string
}

/** A listener for a wallet's events. */
export type WalletListener = (payload: unknown) => void

/** A wallet for tests that makes real signatures. */
export interface TestWallet {
  /** The EIP-1193 provider to pass to `ethereumAuth`, or to use as `window.ethereum`. */
  readonly provider: EIP1193Provider & {
    on(event: string, listener: WalletListener): void
    removeListener(event: string, listener: WalletListener): void
  }
  /** The CAIP-10 id of its account on its current chain. */
  readonly account: string
  /** What the wallet announces (EIP-6963). */
  readonly info: {
    readonly uuid: string
    readonly name: string
    readonly icon: string
    readonly rdns: string
  }
  /** How the user reacts to the next request, and to pending requests. */
  behaviour: WalletBehaviour
  /** How often the user was asked to sign. */
  readonly prompts: number
  /** The texts that the user was asked to sign. */
  readonly texts: readonly string[]
  /** The JSON-RPC methods that were called, in order. */
  readonly calls: readonly string[]
  /**
   * The answers to `eth_accounts` and `eth_chainId` (in hex, such as `0x1`). Change them to simulate a faulty wallet,
   * or set promises to simulate a slow one.
   */
  shows: {
    addresses: readonly string[] | Promise<readonly string[]>
    chainId: string | number | Promise<string>
  }
  /** The number of listeners to its events. */
  readonly listeners: number
  /** Waits until the user was asked to sign this many times, 1 by default, and resolves with the text. */
  prompted(times?: number): Promise<string>
  /**
   * Switches to the account of a key, by default to another well-known account, and emits `accountsChanged` if
   * the site is connected.
   */
  switchAccount(privateKey?: string): void
  /** Switches to a chain and emits `chainChanged`. */
  switchChain(chainId: number): void
  /**
   * Stops showing accounts and emits `accountsChanged`. Until the wallet is unlocked or connected again, it signs
   * nothing (code 4100), not even for a prompt that is already open.
   */
  lock(): void
  /** Shows the account and emits `accountsChanged`. */
  unlock(): void
  /** Emits an event. */
  emit(event: string, payload?: unknown): void
  /**
   * Announces the wallet in this page, and again whenever a page asks for wallets (EIP-6963), until the
   * returned function is called.
   */
  announce(): Restore
}

/**
 * Returns an Ethereum wallet for tests: an EIP-1193 provider that signs with its key (EIP-191) and reacts as
 * `behaviour` says. It needs no browser extension and no window, and it answers at once. Never use it in production,
 * because its default key is public. Throws a `TypeError` for a wrong option.
 *
 * @example
 * const wallet = testWallet()
 * const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })
 * const session = await DIDSession.get(wallet.account, auth, { resources })
 * expect(wallet.texts[0]).toContain('app.example.com wants you to sign in')
 *
 * @example
 * wallet.behaviour = 'rejects' // the user says no: ERR_AUTH_REJECTED
 *
 * @example
 * wallet.behaviour = 'hangs' // the user reads the prompt …
 * button.click()
 * await wallet.prompted()
 * expect(status.textContent).toBe('Look at your wallet')
 * wallet.behaviour = 'approves' // … and signs
 *
 * @example
 * await walletInPages(context, wallet) // with Playwright: the pages have the wallet, and the test controls it
 */
export function testWallet(options: TestWalletOptions = {}): TestWallet {
  // With a misspelt option, a wallet that should reject would approve, and the test would prove nothing.
  assertOptions(options, ['privateKey', 'chainId', 'connected', 'behaviour', 'name', 'rdns'])
  const { privateKey, chainId = 1, connected = true } = options
  const { name = 'Test wallet', rdns = 'example.test-wallet' } = options
  const first = testAccount(privateKey)
  let uuid: string | undefined
  let account = first
  let chain = chainNumber(chainId)
  const user = new FakeUser()
  const listeners = new Set<readonly [event: string, listener: WalletListener]>()
  const calls: string[] = []

  const isConnected = (): boolean =>
    !Array.isArray(wallet.shows.addresses) || wallet.shows.addresses.length > 0
  function assertConnected(): void {
    if (!isConnected()) throw rpcError(4100, 'the site is not connected, or the wallet is locked')
  }
  async function connect(): Promise<unknown> {
    if (isConnected()) return wallet.shows.addresses
    const decision = await user.decide()
    const accounts = connectionAnswer(decision, [account.address])
    if (typeof decision === 'string') wallet.shows.addresses = accounts as readonly string[]
    return accounts
  }
  async function sign(message: unknown): Promise<unknown> {
    assertConnected()
    const text = textToSign(message)
    const signer = account
    user.prompt(text)
    const decision = await user.decide()
    // The wallet may have been locked in the meantime.
    assertConnected()
    return signatureAnswer(decision, text, signer)
  }

  const wallet: TestWallet = {
    calls,
    texts: user.texts,
    shows: { addresses: connected ? [first.address] : [], chainId: toChainId(chainId) },
    get account() {
      return `eip155:${chain}:${account.address.toLowerCase()}`
    },
    get info() {
      uuid ??= crypto.randomUUID()
      return Object.freeze({ uuid, name, icon: ICON, rdns })
    },
    get prompts() {
      return user.texts.length
    },
    get listeners() {
      return listeners.size
    },
    get behaviour() {
      return user.behaviour
    },
    set behaviour(next) {
      user.behaviour = next
    },
    prompted: (times = 1) => user.prompted(times),
    switchAccount(key) {
      account = testAccount(key, account)
      if (isConnected()) wallet.unlock()
    },
    switchChain(id) {
      chain = chainNumber(id)
      wallet.shows.chainId = toChainId(chain)
      wallet.emit('chainChanged', wallet.shows.chainId)
    },
    lock() {
      wallet.shows.addresses = []
      wallet.emit('accountsChanged', [])
    },
    unlock() {
      wallet.shows.addresses = [account.address]
      wallet.emit('accountsChanged', [account.address])
    },
    emit(event, payload) {
      for (const [known, listener] of [...listeners]) if (known === event) listener(payload)
    },
    announce: () => announceWallet(wallet),
    provider: {
      on: (event, listener) => void listeners.add([event, listener]),
      removeListener(event, listener) {
        const [found] = [...listeners].filter(([known, own]) => known === event && own === listener)
        if (found) listeners.delete(found)
      },
      async request({ method, params }) {
        calls.push(method)
        if (method === 'eth_chainId') return wallet.shows.chainId
        if (method === 'eth_accounts') return wallet.shows.addresses
        if (method === 'eth_requestAccounts') return connect()
        if (method === 'personal_sign') return sign((params as unknown[] | undefined)?.[0])
        throw rpcError(4200, `the test wallet has no ${method}`)
      },
    },
  }
  wallet.behaviour = options.behaviour ?? 'approves'
  return wallet
}

const toChainId = (chainId: number): string => `0x${chainId.toString(16)}`

function chainNumber(chainId: number): number {
  if (Number.isSafeInteger(chainId) && chainId > 0) return chainId
  throw new TypeError('chainId must be a positive integer, such as 1')
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#b45309" d="M0 0h8v8H0z"/></svg>',
)}`

/**
 * Announces a wallet in this page, and again whenever a page asks for wallets (EIP-6963), until the returned
 * function is called.
 */
function announceWallet({ info, provider }: TestWallet): Restore {
  if (typeof window === 'undefined')
    throw new TypeError(
      'a wallet can only be announced in a page, and there is no window here: pass wallet.provider to ethereumAuth instead',
    )
  const page = window
  const detail = Object.freeze({ info, provider })
  const announce = (): void =>
    void page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  page.addEventListener('eip6963:requestProvider', announce)
  announce()
  return restoreOnce(() => page.removeEventListener('eip6963:requestProvider', announce))
}
