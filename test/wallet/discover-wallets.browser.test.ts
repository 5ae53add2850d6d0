import { afterEach, describe, expect, it } from 'vitest'
import { testWallet } from '../../src/testing/wallet.js'
import { type DiscoveredWallet, discoverWallets, ethereumAccount } from '../../src/wallet/ethereum.js'
import { failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const icon = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>'
const info = (name: string) => ({ uuid: `uuid-of-${name}`, name, icon, rdns: `example.${name}` })

let stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops) stop()
  stops = []
})

/** A wallet that announces itself whenever it is asked to, as EIP-6963 says. */
function install(detail: unknown): void {
  const announce = (): void =>
    void window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  window.addEventListener('eip6963:requestProvider', announce)
  stops.push(() => window.removeEventListener('eip6963:requestProvider', announce))
}
const announceLate = (detail: unknown): void =>
  void window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))

describe('discoverWallets', () => {
  it('finds the wallets in the page, each once, ready to use', async () => {
    for (const name of ['one', 'two']) stops.push(testWallet({ name, rdns: `example.${name}` }).announce())
    const wallets = await discoverWallets({ waitMs: 0 })
    expect(wallets.map(({ name, rdns, icon }) => [name, rdns, icon])).toEqual([
      ['one', 'example.one', expect.stringMatching(/^data:image\/svg/)],
      ['two', 'example.two', expect.stringMatching(/^data:image\/svg/)],
    ])
    expect(await ethereumAccount((wallets[0] as DiscoveredWallet).provider)).toBe(ACCOUNT_A)
    announceLate({ info: { ...info('one'), uuid: wallets[0]?.uuid }, provider: testWallet().provider })
    expect((await discoverWallets({ waitMs: 0 })).length).toBe(2)
  })

  it('tells the listener of wallets that load late, until the signal is aborted', async () => {
    const controller = new AbortController()
    const seen: string[] = []
    const found = await discoverWallets({
      waitMs: 0,
      signal: controller.signal,
      onWallet: ({ name }) => seen.push(name),
    })
    expect(found).toEqual([])
    announceLate({ info: info('late'), provider: testWallet().provider })
    announceLate({ info: info('late'), provider: testWallet().provider })
    controller.abort()
    announceLate({ info: info('later'), provider: testWallet().provider })
    expect(seen).toEqual(['late'])
  })

  it('rejects with the reason of the signal', async () => {
    const reason = new Error('left')
    const controller = new AbortController()
    const call = failureOf(() => discoverWallets({ signal: controller.signal, waitMs: 60_000 }))
    controller.abort(reason)
    expect(await call).toBe(reason)
    expect(await failureOf(() => discoverWallets({ signal: AbortSignal.abort(reason) }))).toBe(reason)
  })

  it.each([
    ['nothing', undefined],
    ['no provider', { info: info('bad') }],
    ['a provider that can not be asked', { info: info('bad'), provider: {} }],
    ['no name', { info: { ...info('bad'), name: undefined }, provider: testWallet().provider }],
    ['no info', { provider: testWallet().provider }],
  ])('passes over a wallet that announces %s', async (_, detail) => {
    install(detail)
    expect(await discoverWallets({ waitMs: 0 })).toEqual([])
  })

  it('lets only images into the page', async () => {
    install({
      info: { ...info('bad'), icon: 'https://tracker.example/pixel.png' },
      provider: testWallet().provider,
    })
    install({ info: { ...info('worse'), icon: 'javascript:alert(1)' }, provider: testWallet().provider })
    expect((await discoverWallets({ waitMs: 0 })).map(({ icon }) => icon)).toEqual(['', ''])
  })
})
