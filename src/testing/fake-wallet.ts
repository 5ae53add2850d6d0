import type { EIP1193Provider } from '../wallet/ethereum/signer.js'
import {
  connectAs,
  Person,
  rpcError,
  signAs,
  testAccount,
  textToSign,
  type WalletBehaviour,
} from './fake-user.js'
import { type Repair, repair } from './replace.js'
/** Of what kind the wallet is. */
export interface TestWalletOptions {
  /** 32 bytes in hex; a well-known key by default. Give none that is worth anything. */
  privateKey?: string
  /** 1 by default. */
  chainId?: number
  /** Whether the site is connected already; true by default. */
  connected?: boolean
  /** `approves` by default. */
  behaviour?: WalletBehaviour
  /** How it announces itself (EIP-6963); `Test wallet` by default. */
  name?: string
  /** `example.test-wallet` by default. */
  rdns?: string
}

/** Listens to a wallet's event. */
export type WalletListener = (payload: unknown) => void

/** A wallet for tests, which really signs. */
export interface TestWallet {
  /** What is handed to `ethereumAuth`, or stands where `window.ethereum` would. */
  readonly provider: EIP1193Provider & {
    on(event: string, listener: WalletListener): void
    removeListener(event: string, listener: WalletListener): void
  }
  /** The account that it is on, as a CAIP-10 id. */
  readonly account: string
  /** What is done about the next request, and about those that hang. */
  behaviour: WalletBehaviour
  /** How often the person was asked to sign. */
  readonly prompts: number
  /** The texts that they were asked to sign. */
  readonly texts: readonly string[]
  /** The methods that it was asked for, in order. */
  readonly calls: readonly string[]
  /** What it answers to `eth_accounts` and `eth_chainId`: to be set to whatever a faulty wallet shows. */
  shows: { addresses: unknown; chainId: unknown }
  /** How many listeners its events have. */
  readonly listeners: number
  /** Resolves with the text, once the person was asked to sign so many times; 1 by default. */
  prompted(times?: number): Promise<string>
  /** Changes to the account of a key, by default to another well-known one; tells a site that is connected (`accountsChanged`). */
  switchAccount(privateKey?: string): void
  /** Changes to a chain, and tells (`chainChanged`). */
  switchChain(chainId: number): void
  /**
   * Shows no accounts any more, and tells. Signs nothing (code 4100) until it is connected anew, or unlocked, and neither
   * what a person is being asked already.
   */
  lock(): void
  /** Shows the account, and tells. */
  unlock(): void
  /** Has an event come. */
  emit(event: string, payload?: unknown): void
  /** Announces itself in this page (EIP-6963) and whenever a page asks for wallets, until the repair. */
  announce(): Repair
}

/**
 * An Ethereum wallet for tests: no browser extension, no window, no waiting. It is an EIP-1193 provider that signs with
 * its key (EIP-191), and does what `behaviour` says. Never for production: its default key is known to everybody.
 *
 * @example
 * const wallet = testWallet()
 * const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })
 * const session = await DIDSession.get(wallet.account, auth, { resources })
 * expect(wallet.texts[0]).toContain('app.example.com wants you to sign in')
 *
 * @example
 * wallet.behaviour = 'rejects' // the person says no: ERR_AUTH_REJECTED
 *
 * @example
 * wallet.behaviour = 'hangs' // the person looks at it …
 * button.click()
 * await wallet.prompted()
 * expect(status.textContent).toBe('Look at your wallet')
 * wallet.behaviour = 'approves' // … and signs
 *
 * @example
 * // In Playwright: a script that a bundler made one of (esbuild --bundle --format=iife) …
 * globalThis.wallet = testWallet({ behaviour: 'hangs' })
 * wallet.announce()
 * // … runs before the page's own, and the test tells its wallet what to do.
 * await page.addInitScript({ path: 'wallet.js' })
 * await page.evaluate(() => { wallet.behaviour = 'approves' })
 */
export function testWallet(options: TestWalletOptions = {}): TestWallet {
  const { privateKey, chainId = 1, connected = true, name = 'Test wallet', rdns } = options
  const first = testAccount(privateKey)
  const info: WalletInfo = { name, rdns: rdns ?? 'example.test-wallet' }
  let account = first
  let chain = chainNumber(chainId)
  const person = new Person()
  const listeners = new Set<readonly [event: string, listener: WalletListener]>()
  const calls: string[] = []

  const isShown = (): boolean => !Array.isArray(wallet.shows.addresses) || wallet.shows.addresses.length > 0
  function assertShown(): void {
    if (!isShown()) throw rpcError(4100, 'the site is not connected, or the wallet is locked')
  }
  async function connect(): Promise<unknown> {
    if (isShown()) return wallet.shows.addresses
    const how = await person.decides()
    const accounts = connectAs(how, [account.address])
    if (typeof how === 'string') wallet.shows.addresses = accounts
    return accounts
  }
  async function sign(message: unknown): Promise<unknown> {
    assertShown()
    const text = textToSign(message)
    const signer = account
    person.isAsked(text)
    const how = await person.decides()
    // It may have been locked meanwhile.
    assertShown()
    return signAs(how, text, signer)
  }

  const wallet: TestWallet = {
    calls,
    texts: person.texts,
    shows: { addresses: connected ? [first.address] : [], chainId: toChainId(chainId) },
    get account() {
      return `eip155:${chain}:${account.address.toLowerCase()}`
    },
    get prompts() {
      return person.texts.length
    },
    get listeners() {
      return listeners.size
    },
    get behaviour() {
      return person.behaviour
    },
    set behaviour(next) {
      person.behaviour = next
    },
    prompted: (times = 1) => person.prompted(times),
    switchAccount(key) {
      account = testAccount(key, account)
      if (isShown()) wallet.unlock()
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
    announce: () => announceWallet(info, wallet.provider),
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

/** What a wallet says of itself. */
interface WalletInfo {
  readonly name: string
  readonly rdns: string
}

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path fill="#b45309" d="M0 0h8v8H0z"/></svg>',
)}`

/** Announces a wallet in this page, and again whenever a page asks (EIP-6963), until the repair. */
function announceWallet({ name, rdns }: WalletInfo, provider: EIP1193Provider): Repair {
  if (typeof window === 'undefined')
    throw new TypeError('wallets are announced in pages, and here is none: hand over wallet.provider')
  const page = window
  const info = Object.freeze({ uuid: crypto.randomUUID(), name, icon: ICON, rdns })
  const detail = Object.freeze({ info, provider })
  const announce = (): void =>
    void page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  page.addEventListener('eip6963:requestProvider', announce)
  announce()
  return repair(() => page.removeEventListener('eip6963:requestProvider', announce))
}
