import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { type DiscoveredWallet, discoverWallets, ethereumAccount } from '../../src/wallet/ethereum/index.js'
import { ethereumWallets, type WalletChoice } from '../../src/wallet/wallets.js'
import { failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const icon = 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg"/>'
const info = (name: string) => ({ uuid: `uuid-of-${name}`, name, icon, rdns: `example.${name}` })

let stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops) stop()
  stops = []
})

/** A wallet that announces itself each time it is requested (EIP-6963). */
function install(detail: unknown): void {
  const announce = (): void =>
    void window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  window.addEventListener('eip6963:requestProvider', announce)
  stops.push(() => window.removeEventListener('eip6963:requestProvider', announce))
}
const announceLate = (detail: unknown): void =>
  void window.dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))

describe('discoverWallets', () => {
  it('returns each wallet of the page once, ready to use', async () => {
    for (const name of ['one', 'two']) stops.push(testWallet({ name, rdns: `example.${name}` }).announce())
    const wallets = await discoverWallets({ timeoutMs: 0 })
    expect(wallets.map(({ name, rdns, icon }) => [name, rdns, icon])).toEqual([
      ['one', 'example.one', expect.stringMatching(/^data:image\/svg/)],
      ['two', 'example.two', expect.stringMatching(/^data:image\/svg/)],
    ])
    expect(await ethereumAccount((wallets[0] as DiscoveredWallet).provider)).toBe(ACCOUNT_A)
    announceLate({ info: { ...info('one'), uuid: wallets[0]?.uuid }, provider: testWallet().provider })
    expect((await discoverWallets({ timeoutMs: 0 })).length).toBe(2)
  })

  it('calls onWallet for wallets that load late, until its signal is aborted', async () => {
    const controller = new AbortController()
    const seen: string[] = []
    const found = await discoverWallets({
      timeoutMs: 0,
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

  it('rejects with the reason of its signal', async () => {
    const reason = new Error('left')
    const controller = new AbortController()
    const call = failureOf(() => discoverWallets({ signal: controller.signal, timeoutMs: 60_000 }))
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
  ])('ignores a wallet that announces %s', async (_, detail) => {
    install(detail)
    expect(await discoverWallets({ timeoutMs: 0 })).toEqual([])
  })

  it('accepts only images as icons', async () => {
    install({
      info: { ...info('bad'), icon: 'https://tracker.example/pixel.png' },
      provider: testWallet().provider,
    })
    install({ info: { ...info('worse'), icon: 'javascript:alert(1)' }, provider: testWallet().provider })
    expect((await discoverWallets({ timeoutMs: 0 })).map(({ icon }) => icon)).toEqual(['', ''])
  })

  it('escapes an icon for use in attributes and style sheets', async () => {
    const svg = `data:image/svg+xml,<svg onload="x" title='y'/>\n\u202e`
    install({ info: { ...info('one'), icon: svg }, provider: testWallet().provider })
    const [wallet] = await discoverWallets({ timeoutMs: 0 })
    expect(wallet?.icon).toMatch(/^data:image\/svg\+xml,[^"'<>()\s\\]*$/)
    expect(decodeURIComponent(wallet?.icon ?? '')).toBe(svg)
    expect((await (await fetch(wallet?.icon ?? '')).text()).startsWith('<svg onload="x"')).toBe(true)
  })

  it.each([
    ['direction marks and invisible characters', '\u202eksaMateM\u200b\u00ad', 'ksaMateM'],
    ['line breaks and much space', ' Meta\n\t  Mask\u2028x ', 'Meta Mask x'],
    ['control characters', 'Meta\u0000\u001b[2JMask', 'Meta[2JMask'],
    ['halves of characters', 'Meta\ud800Mask', 'MetaMask'],
    ['more than 64 characters', 'x'.repeat(100_000), 'x'.repeat(64)],
    ['no unusual characters', '钱包 👩\u200d💻 می\u200cخ', '钱包 👩\u200d💻 می\u200cخ'],
  ])('shows a name without %s', async (_, name, shown) => {
    install({ info: { ...info('bad'), name }, provider: testWallet().provider })
    expect((await discoverWallets({ timeoutMs: 0 })).map((wallet) => wallet.name)).toEqual([shown])
  })

  it.each([
    ['only invisible characters', { name: '\u202e\u200b ' }],
    ['a uuid that is any string', { uuid: '<img src=x>' }],
    ['an endless uuid', { uuid: 'a'.repeat(65) }],
    ['a uuid that is an object', { uuid: { toString: (): string => 'x' } }],
    ['a name that is an object', { name: { toString: (): string => 'x' } }],
    ['an invalid rdns', { rdns: undefined }],
  ])('ignores a wallet with %s', async (_, changes) => {
    install({ info: { ...info('bad'), ...changes }, provider: testWallet().provider })
    install({ info: info('good'), provider: testWallet().provider })
    expect((await discoverWallets({ timeoutMs: 0 })).map(({ name }) => name)).toEqual(['good'])
  })

  it('returns an empty rdns for one that is no domain name', async () => {
    for (const rdns of ['io.metamask\u200b', 'io.meta mask', 'io', 'a.'.repeat(200), '<b>.x'])
      install({ info: { ...info('bad'), uuid: crypto.randomUUID(), rdns }, provider: testWallet().provider })
    expect(new Set((await discoverWallets({ timeoutMs: 0 })).map(({ rdns }) => rdns))).toEqual(new Set(['']))
  })

  it('returns the other wallets, whatever one wallet throws', async () => {
    const thrower = new Proxy(
      {},
      {
        get: () => {
          throw new Error('strange')
        },
        has: () => {
          throw new Error('strange')
        },
      },
    )
    for (const detail of [
      thrower,
      { info: thrower, provider: testWallet().provider },
      { info: info('bad'), provider: thrower },
      {
        get info() {
          throw new Error('strange')
        },
      },
    ])
      install(detail)
    install({ info: info('good'), provider: testWallet().provider })
    expect((await discoverWallets({ timeoutMs: 0 })).map(({ name }) => name)).toEqual(['good'])
  })

  it('returns two wallets with the same uuid, each once', async () => {
    const [first, second] = [testWallet().provider, testWallet().provider]
    const [one, other] = [info('same'), { ...info('other'), uuid: info('same').uuid }]
    for (let i = 0; i < 2; i++) {
      install({ info: one, provider: first })
      install({ info: other, provider: second })
    }
    // A person could not distinguish it from the first one.
    install({ info: one, provider: testWallet().provider })
    const wallets = await discoverWallets({ timeoutMs: 0 })
    expect(wallets.map(({ provider }) => provider)).toEqual([first, second])
    expect(wallets.map(({ uuid }) => uuid)).toEqual(['uuid-of-same', 'uuid-of-same-2'])
  })

  it('returns at most 100 wallets, even if one announces itself endlessly', async () => {
    install({ info: info('good'), provider: testWallet().provider })
    const { provider } = testWallet()
    for (let i = 0; i < 300; i++) install({ info: { ...info('bad'), uuid: `uuid-${i}` }, provider })
    const wallets = await discoverWallets({ timeoutMs: 0 })
    expect([wallets.length, wallets[0]?.name]).toEqual([100, 'good'])
  })
})

describe('ethereumWallets', () => {
  /** The names of the choices, in a list in which a choice replaces an earlier one with the same id. */
  async function list(): Promise<Map<string, WalletChoice>> {
    const { signal } = listening
    const choices = new Map<string, WalletChoice>()
    await ethereumWallets().find((choice) => choices.set(choice.id, choice), signal)
    return choices
  }
  const names = (choices: Map<string, WalletChoice>): string[] =>
    [...choices.values()].map(({ name }) => name)
  let listening = new AbortController()
  beforeEach(() => {
    listening = new AbortController()
  })
  afterEach(() => {
    listening.abort()
    delete (globalThis as { ethereum?: unknown }).ethereum
  })

  it('lists window.ethereum without a name, and replaces it when it announces itself late', async () => {
    const { provider } = testWallet()
    Object.assign(globalThis, { ethereum: provider })
    const choices = await list()
    expect(names(choices)).toEqual([''])
    announceLate({ info: info('late'), provider })
    expect(names(choices)).toEqual(['late'])
    expect(await [...choices.values()][0]?.account(listening.signal)).toBe(ACCOUNT_A)
  })

  it('also lists another wallet that announces itself late', async () => {
    Object.assign(globalThis, { ethereum: testWallet().provider })
    const choices = await list()
    announceLate({ info: info('late'), provider: testWallet().provider })
    expect(names(choices)).toEqual(['', 'late'])
  })

  it('lists window.ethereum only by the name that it announces', async () => {
    const { provider } = testWallet()
    Object.assign(globalThis, { ethereum: provider })
    install({ info: info('one'), provider })
    expect(names(await list())).toEqual(['one'])
  })
})
