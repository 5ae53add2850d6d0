import { type TestWallet, testWallet } from './fake-wallet.js'

/** The members of Playwright's `BrowserContext` that `walletInPages` needs. */
export interface WalletPages {
  exposeFunction(name: string, callback: (call: WalletCall) => Promise<WalletAnswer>): Promise<unknown>
  addInitScript(script: { content: string }): Promise<unknown>
  pages(): readonly { evaluate(script: string): Promise<unknown> }[]
}

/** A request of a page to the wallet. */
export interface WalletCall {
  readonly method: string
  readonly params?: unknown
}

/** The result of the wallet, or the parts of its error that can be passed to a page. */
export type WalletAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: unknown; readonly message: string } }

const EVENTS = ['accountsChanged', 'chainChanged', 'connect', 'disconnect']

/**
 * Adds a wallet to all pages of a browser that Playwright drives, like an extension: it is announced (EIP-6963), and it
 * is `window.ethereum`. The wallet itself stays in the test, which sets what the user does and reads what was signed.
 * Call this before the pages load. Resolves with the wallet, which is a new `testWallet` by default.
 *
 * @example
 * const wallet = await walletInPages(context)
 * await page.goto('https://app.example.com')
 * wallet.behaviour = 'rejects'
 */
export async function walletInPages(
  context: WalletPages,
  wallet: TestWallet = testWallet(),
): Promise<TestWallet> {
  // The name is unique because one context may have several wallets.
  const name = `testWallet_${wallet.info.uuid.replaceAll('-', '')}`
  await context.exposeFunction(name, async (call) => {
    try {
      return { result: await wallet.provider.request(call) }
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string }
      return { error: { code, message } }
    }
  })
  await context.addInitScript({ content: `(${install})(${JSON.stringify({ name, info: wallet.info })})` })
  for (const event of EVENTS) {
    wallet.provider.on(event, (payload) => {
      const detail = JSON.stringify({ event, payload })
      const script = `dispatchEvent(new CustomEvent('${name}', { detail: ${detail} }))`
      // `evaluate` rejects for a page that is closing, which needs no event.
      for (const page of context.pages()) page.evaluate(script).catch(() => undefined)
    })
  }
  return wallet
}

/** Its source text runs in the page, so it can use nothing of this module. */
function install({ name, info }: { name: string; info: TestWallet['info'] }): void {
  type Listener = (payload: unknown) => void
  const page = window as unknown as Window & Record<string, (call: WalletCall) => Promise<WalletAnswer>>
  const listeners = new Set<{ event: string; listener: Listener }>()
  const provider = {
    async request(call: WalletCall): Promise<unknown> {
      const answer = await page[name]?.(call)
      if (answer && 'error' in answer) throw Object.assign(new Error(answer.error.message), answer.error)
      return answer?.result
    },
    on: (event: string, listener: Listener): void => void listeners.add({ event, listener }),
    removeListener(event: string, listener: Listener): void {
      for (const entry of listeners)
        if (entry.event === event && entry.listener === listener) listeners.delete(entry)
    },
  }
  page.addEventListener(name, (message) => {
    const { event, payload } = (message as CustomEvent<{ event: string; payload: unknown }>).detail
    for (const entry of [...listeners]) if (entry.event === event) entry.listener(payload)
  })
  const detail = Object.freeze({ info: Object.freeze(info), provider })
  const announce = (): void =>
    void page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  page.addEventListener('eip6963:requestProvider', announce)
  announce()
  Object.assign(page, { ethereum: provider })
}
