import { expect, it } from 'vitest'
import { testWallet, type WalletAnswer, type WalletCall, walletInPages } from '../../src/testing/index.js'

// A browser context in this process, whose only page is this one. Real pages are in test/e2e and test/packed.
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

it('hands a page the answers of the wallet, and its errors with their codes', async () => {
  const { wallet, provider } = await pageWith()
  expect(await provider.request({ method: 'eth_chainId' })).toBe('0x1')
  wallet.behaviour = 'rejects'
  await expect(provider.request({ method: 'personal_sign', params: ['0x00'] })).rejects.toMatchObject({
    code: 4001,
  })
  expect(wallet.prompts).toBe(1)
})

it('tells a page of the events of the wallet, until it listens no more', async () => {
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

it('announces each wallet of a page, as often as it is asked', async () => {
  const { page, context, wallet } = await pageWith(testWallet({ name: 'First' }))
  await walletInPages(context, testWallet({ name: 'Second', rdns: 'com.example.second' }))
  const found: unknown[] = []
  page.addEventListener('eip6963:announceProvider', (event) => found.push((event as CustomEvent).detail.info))
  page.dispatchEvent(new Event('eip6963:requestProvider'))
  expect(found).toMatchObject([wallet.info, { name: 'Second', rdns: 'com.example.second' }])
})
