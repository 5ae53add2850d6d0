import { describe, expect, it } from 'vitest'
import { testWallet } from '../../src/testing/index.js'
import { discoverWallets, ethereumAccount } from '../../src/wallet/ethereum/index.js'

describe.runIf(typeof window !== 'undefined')('a wallet that announces itself', () => {
  it('is found and works until the announcement is withdrawn', async () => {
    const wallet = testWallet({ name: 'Rabbit', rdns: 'example.rabbit' })
    const restore = wallet.announce()
    const [found] = await discoverWallets({ timeoutMs: 0 })
    expect(found).toMatchObject({ name: 'Rabbit', rdns: 'example.rabbit' })
    expect(found?.icon).toMatch(/^data:image\//)
    expect(await ethereumAccount(found?.provider ?? wallet.provider)).toBe(wallet.account)
    expect(wallet.calls).toEqual(['eth_requestAccounts', 'eth_chainId'])
    restore()
    expect(await discoverWallets({ timeoutMs: 0 })).toEqual([])
  })

  it('is found by an app that was already listening', async () => {
    const seen: string[] = []
    const controller = new AbortController()
    await discoverWallets({
      timeoutMs: 0,
      signal: controller.signal,
      onWallet: ({ name }) => seen.push(name),
    })
    const restores = [testWallet({ name: 'One' }), testWallet({ name: 'Two' })].map((each) => each.announce())
    expect(seen).toEqual(['One', 'Two'])
    controller.abort()
    for (const restore of restores) restore()
  })
})

describe.runIf(typeof window === 'undefined')('a wallet where there is no page', () => {
  it('throws, because it cannot be announced', () => {
    expect(() => testWallet().announce()).toThrow(TypeError)
  })
})
