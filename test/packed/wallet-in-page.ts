import type { BrowserContext } from 'playwright'
import { type TestWallet, type TestWalletOptions, testWallet } from '../../src/testing/index.js'

/**
 * Puts a wallet into all pages of a browser, as an extension does: announced (EIP-6963), and as `window.ethereum`. Pages hear when it
 * shows other accounts.
 */
export async function walletInPage(
  context: BrowserContext,
  options?: TestWalletOptions,
): Promise<TestWallet> {
  const wallet = testWallet(options)
  await context.exposeFunction('askWallet', async (args: { method: string; params?: unknown }) => {
    try {
      return { answer: await wallet.provider.request(args) }
    } catch (error) {
      return { error }
    }
  })
  await context.addInitScript(() => {
    type Answer = { answer?: unknown; error?: { code: number; message: string } }
    const page = window as unknown as { askWallet(args: unknown): Promise<Answer>; ethereum: object }
    const listeners = new Set<(accounts: unknown) => void>()
    const provider = {
      async request(args: unknown) {
        const { answer, error } = await page.askWallet(args)
        if (error) throw Object.assign(new Error(error.message), error)
        return answer
      },
      on: (event: string, listener: (accounts: unknown) => void) =>
        void (event === 'accountsChanged' && listeners.add(listener)),
      removeListener: (_: string, listener: (accounts: unknown) => void) => void listeners.delete(listener),
    }
    Object.assign(window, {
      tellWallet: (accounts: unknown) => listeners.forEach((tell) => void tell(accounts)),
    })
    page.ethereum = provider
    const info = {
      uuid: '4a0c5e1e-3b5a-4d5b-9a53-6c6f2f0c1a77',
      name: 'Test wallet',
      icon: '',
      rdns: 'example.wallet',
    }
    const detail = Object.freeze({ info, provider })
    const announce = () => window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
    window.addEventListener('eip6963:requestProvider', announce)
    announce()
  })
  wallet.provider.on('accountsChanged', (accounts) => {
    for (const page of context.pages())
      page
        .evaluate(
          (shown) => (window as unknown as { tellWallet?(shown: unknown): void }).tellWallet?.(shown),
          accounts,
        )
        .catch(() => undefined)
  })
  return wallet
}
