import { expect, it } from 'vitest'
import { testWallet, type WalletAnswer, type WalletCall, walletInPages } from '../../src/testing/index.js'

// A substitute for a browser context, whose only page is this process. Real pages are tested in test/e2e and test/packed.
function contextHere(page: EventTarget & Record<string, unknown>) {
  const run = (script: string): unknown =>
    new Function('window', 'dispatchEvent', script)(page, page.dispatchEvent.bind(page))
  return {
    exposeFunction: async (name: string, callback: (call: WalletCall) => Promise<WalletAnswer>) => {
      page[name] = callback
    },
    addInitScript: async ({ content }: { content: string }) => run(content),
    pages: () => [{ evaluate: async (script: string) => run(script) }],
  }
}

interface Provider {
  request(call: WalletCall): Promise<unknown>
  on(event: string, listener: (payload: unknown) => void): void
  removeListener(event: string, listener: (payload: unknown) => void): void
}

async function pageWith(wallet = testWallet()) {
  const page = Object.assign(new EventTarget(), {}) as EventTarget & Record<string, unknown>
  const context = contextHere(page)
  expect(await walletInPages(context, wallet)).toBe(wallet)
  return { page, context, wallet, provider: page['ethereum'] as Provider }
}

it('passes the answers of the wallet to a page, and its errors with their codes', async () => {
  const { wallet, provider } = await pageWith()
  expect(await provider.request({ method: 'eth_chainId' })).toBe('0x1')
  wallet.behaviour = 'rejects'
  await expect(provider.request({ method: 'personal_sign', params: ['0x00'] })).rejects.toMatchObject({
    code: 4001,
  })
  expect(wallet.prompts).toBe(1)
})

it('emits the events of the wallet in a page, until the page removes its listener', async () => {
  const { wallet, provider } = await pageWith()
  const heard: unknown[] = []
  const listener = (payload: unknown): void => void heard.push(payload)
  provider.on('chainChanged', listener)
  wallet.switchChain(137)
  wallet.lock()
  provider.removeListener('chainChanged', listener)
  wallet.switchChain(10)
  expect(heard).toEqual(['0x89'])
})

it('announces each wallet of a page, each time that the page requests wallets', async () => {
  const { page, context, wallet } = await pageWith(testWallet({ name: 'First' }))
  await walletInPages(context, testWallet({ name: 'Second', rdns: 'com.example.second' }))
  const found: unknown[] = []
  page.addEventListener('eip6963:announceProvider', (event) => found.push((event as CustomEvent).detail.info))
  page.dispatchEvent(new Event('eip6963:requestProvider'))
  expect(found).toMatchObject([wallet.info, { name: 'Second', rdns: 'com.example.second' }])
})
