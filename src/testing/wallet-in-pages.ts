import { type TestWallet, testWallet } from './fake-wallet.js'

/** The members of a `BrowserContext` of Playwright that are needed. */
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

/** What the wallet answered; of an error, what crosses over to a page. */
export type WalletAnswer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: unknown; readonly message: string } }

const EVENTS = ['accountsChanged', 'chainChanged', 'connect', 'disconnect']

/**
 * Puts a wallet into all pages of a browser that Playwright drives, as an extension does: announced (EIP-6963), and as
 * `window.ethereum`. The wallet itself stays in the test, which says what the user does, and sees what was signed. Call it
 * before the pages load. Resolves with the wallet, which is a new `testWallet` by default.
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
  // One context may have several wallets.
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
      // One that is just closing hears nothing any more.
      for (const page of context.pages()) page.evaluate(script).catch(() => undefined)
    })
  }
  return wallet
}

/** Runs in the page, as text: it can use nothing of this module. */
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
      for (const one of listeners) if (one.event === event && one.listener === listener) listeners.delete(one)
    },
  }
  page.addEventListener(name, (told) => {
    const { event, payload } = (told as CustomEvent<{ event: string; payload: unknown }>).detail
    for (const one of [...listeners]) if (one.event === event) one.listener(payload)
  })
  const detail = Object.freeze({ info: Object.freeze(info), provider })
  const announce = (): void =>
    void page.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  page.addEventListener('eip6963:requestProvider', announce)
  announce()
  Object.assign(page, { ethereum: provider })
}
