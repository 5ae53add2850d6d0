import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import {
  type EIP1193Provider,
  type WalletChange,
  type WatchWalletOptions,
  watchWallet,
} from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A } from '../setup/wallet.js'

const ADDRESS_B = ACCOUNT_B.slice('eip155:1:'.length)
const on = (chain: number, account: string): string => account.replace(':1:', `:${chain}:`)
const NOBODY: WalletChange = { account: undefined, accounts: [], isWatched: false }
const only = (account: string, isWatched: boolean): WalletChange => ({
  account,
  accounts: [account],
  isWatched,
})
const HANGS = new Promise<never>(() => undefined)

let wallet: TestWallet
let end: AbortController
beforeEach(() => {
  wallet = testWallet()
  end = new AbortController()
})
afterEach(() => {
  vi.useRealTimers()
  end.abort()
  expect(wallet.listeners).toBe(0)
})

/** Watches the wallet, and returns the list of reported changes. */
function watch(
  options: WatchWalletOptions = {},
  answer: (change: WalletChange) => unknown = () => undefined,
) {
  const told: WalletChange[] = []
  let wake = (): void => undefined
  const listener = (change: WalletChange): unknown => {
    told.push(change)
    wake()
    return answer(change)
  }
  const stop = watchWallet(wallet.provider, listener, { signal: end.signal, ...options })
  const next = async (): Promise<WalletChange | undefined> => {
    while (told.length === 0)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    return told.shift()
  }
  return { stop, next, told }
}

/** Resolves as soon as all earlier events were handled: a later event of a second wallet was reported. */
async function settled(): Promise<void> {
  const later = testWallet()
  await new Promise((resolve) => {
    watchWallet(later.provider, resolve, { signal: end.signal })
    later.emit('accountsChanged', [ADDRESS_B])
  })
}

function choose(...addresses: string[]): void {
  wallet.shows.addresses = addresses
  wallet.emit('accountsChanged', addresses)
}

function chooseChain(chain: number): void {
  wallet.shows.chainId = `0x${chain.toString(16)}`
  wallet.emit('chainChanged', wallet.shows.chainId)
}

describe('watchWallet', () => {
  it('reports another account, and the first one when it returns', async () => {
    const { next } = watch()
    choose(ADDRESS_B)
    expect(await next()).toEqual(only(ACCOUNT_B, false))
    choose(ADDRESS_A)
    expect(await next()).toEqual(only(ACCOUNT_A, true))
  })

  it('reports no account when the wallet is locked or disconnected, and the next account it shows', async () => {
    const { next } = watch({ account: ACCOUNT_A })
    choose()
    expect(await next()).toEqual(NOBODY)
    choose(ADDRESS_A)
    expect(await next()).toEqual(only(ACCOUNT_A, true))
    wallet.emit('disconnect', { code: 4900 })
    expect(await next()).toEqual(NOBODY)
    wallet.emit('connect', { chainId: '0x1' })
    expect(await next()).toEqual(only(ACCOUNT_A, true))
  })

  it('reads the current account after a connect event', async () => {
    const { next } = watch()
    wallet.shows = { addresses: [ADDRESS_B], chainId: '0x89' }
    wallet.emit('connect', { chainId: '0x89' })
    expect(await next()).toEqual(only(on(137, ACCOUNT_B), false))
  })

  it('reports all accounts, and a change only of the selected one', async () => {
    const { next } = watch()
    choose(ADDRESS_A, ADDRESS_B)
    choose(ADDRESS_B, ADDRESS_A)
    expect(await next()).toEqual({
      account: ACCOUNT_B,
      accounts: [ACCOUNT_B, ACCOUNT_A],
      isWatched: false,
    })
    choose(ADDRESS_B)
    choose(ADDRESS_A)
    expect(await next()).toEqual(only(ACCOUNT_A, true))
  })

  it('does not report another letter case of the same address', async () => {
    wallet.shows.addresses = [ADDRESS_A.toLowerCase()]
    const { next } = watch({ account: `did:pkh:eip155:1:${ADDRESS_A}` })
    choose(ADDRESS_A)
    choose(`0x${ADDRESS_A.slice(2).toUpperCase()}`)
    choose()
    expect(await next()).toEqual(NOBODY)
  })

  it('never opens the wallet', async () => {
    const { next } = watch({ account: ACCOUNT_A })
    choose(ADDRESS_B)
    await next()
    wallet.emit('connect', undefined)
    choose(ADDRESS_A)
    await next()
    expect(new Set(wallet.calls)).toEqual(new Set(['eth_accounts', 'eth_chainId']))
  })
})

describe('another chain', () => {
  it('counts as another account', async () => {
    const { next } = watch()
    chooseChain(137)
    expect(await next()).toEqual(only(on(137, ACCOUNT_A), false))
    chooseChain(1)
    expect(await next()).toEqual(only(ACCOUNT_A, true))
  })

  it.each([
    ['before', () => wallet.emit('chainChanged', '0x89'), () => wallet.emit('accountsChanged', [ADDRESS_B])],
    ['after', () => wallet.emit('accountsChanged', [ADDRESS_B]), () => wallet.emit('chainChanged', '0x89')],
  ])('reported %s another address is reported as one change', async (_, first, second) => {
    // Its answers are outdated, so only the events are right.
    const { next, told } = watch()
    first()
    second()
    expect(await next()).toEqual(only(on(137, ACCOUNT_B), false))
    choose()
    expect(await next()).toEqual(NOBODY)
    expect(told).toEqual([])
  })

  it.each([{}, { account: ACCOUNT_A }])('is ignored with anyChain (%j)', async (options) => {
    const { next } = watch({ anyChain: true, ...options })
    chooseChain(137)
    choose(ADDRESS_B)
    expect(await next()).toEqual(only(on(137, ACCOUNT_B), false))
    // The watched account keeps its id, which is the session's.
    choose(ADDRESS_A, ADDRESS_B)
    expect(await next()).toEqual({
      account: ACCOUNT_A,
      accounts: [ACCOUNT_A, on(137, ACCOUNT_B)],
      isWatched: true,
    })
  })

  it.each(['137', 137, 137n, '0x89', '0X89'])('may be written as %o', async (chain) => {
    wallet.shows.chainId = chain as string
    expect(await watch({ account: ACCOUNT_A }).next()).toEqual(only(on(137, ACCOUNT_A), false))
    const { next } = watch({ account: on(137, ACCOUNT_A) })
    wallet.emit('chainChanged', chain)
    choose()
    expect(await next()).toEqual(NOBODY)
  })
})

describe('of two events', () => {
  it('the last counts, even if the wallet answers to the first one later', async () => {
    const { next, told } = watch()
    await settled()
    let answer = (_: string): void => undefined
    wallet.shows.chainId = new Promise((resolve) => {
      answer = resolve
    })
    choose(ADDRESS_B)
    await settled()
    wallet.shows.chainId = '0x1'
    choose(ADDRESS_A)
    await settled()
    answer('0x1')
    await settled()
    expect(told).toEqual([])
    choose(ADDRESS_B)
    expect(await next()).toEqual(only(ACCOUNT_B, false))
  })
})

describe('with an account at the start', () => {
  it('reports at once if the wallet shows another account', async () => {
    expect(await watch({ account: ACCOUNT_B }).next()).toEqual(only(ACCOUNT_A, false))
    expect(await watch({ account: on(10, ACCOUNT_A) }).next()).toEqual(only(ACCOUNT_A, false))
  })

  it('reports nothing if the wallet shows that account', async () => {
    const { next } = watch({ account: on(10, ACCOUNT_A), anyChain: true })
    choose(ADDRESS_B)
    expect(await next()).toEqual(only(ACCOUNT_B, false))
  })

  it.each<[string, object]>([
    ['is locked', { addresses: [], chainId: '0x1' }],
    ['answers nonsense', { addresses: 'nobody', chainId: '0x1' }],
    ['has an invalid chain', { addresses: [ADDRESS_B], chainId: null }],
  ])('reports nothing while the wallet %s, until it shows another account', async (_, shows) => {
    wallet.shows = shows as TestWallet['shows']
    const { next } = watch({ account: ACCOUNT_A })
    wallet.emit('connect', { chainId: '0x1' })
    await settled()
    wallet.emit('accountsChanged', [])
    await settled()
    const second = watch({ account: ACCOUNT_A })
    wallet.shows = { addresses: [ADDRESS_B], chainId: '0x1' }
    choose(ADDRESS_B)
    for (const watching of [next, second.next]) expect(await watching()).toEqual(only(ACCOUNT_B, false))
  })

  it('reports an event emitted meanwhile, not the earlier answer', async () => {
    let answer = (_: readonly string[]): void => undefined
    wallet.shows.addresses = new Promise((resolve) => {
      answer = resolve
    })
    const { next, told } = watch({ account: ACCOUNT_A })
    choose(ADDRESS_A)
    answer([ADDRESS_B])
    choose()
    expect(await next()).toEqual(NOBODY)
    expect(told).toEqual([])
  })
})

describe('a wallet that emits or answers garbage', () => {
  it.each<[string, unknown]>([
    ['accountsChanged', undefined],
    ['accountsChanged', 'garbage'],
    ['accountsChanged', [7]],
    ['accountsChanged', [Symbol('address')]],
    ['accountsChanged', [Object.create(null)]],
    ['accountsChanged', [[ADDRESS_A]]],
    ['accountsChanged', [ADDRESS_A, '0x12']],
    ['accountsChanged', { 0: ADDRESS_A, length: 1 }],
    ['chainChanged', undefined],
    ['chainChanged', 'mainnet'],
    ['chainChanged', {}],
    ['chainChanged', 1.5],
    ['chainChanged', -1],
    ['chainChanged', '0x'],
  ])('in %s %o is read again', async (event, payload) => {
    const { next } = watch({ account: ACCOUNT_A })
    wallet.shows = { addresses: [ADDRESS_B], chainId: '0xa' }
    wallet.emit(event, payload)
    expect(await next()).toEqual(only(on(10, ACCOUNT_B), false))
  })

  it.each<[string, object]>([
    ['answers undefined', { addresses: undefined, chainId: undefined }],
    ['answers garbage', { addresses: ['0x12'], chainId: '0x1' }],
    ['has no chain', { addresses: [ADDRESS_A], chainId: 'mainnet' }],
    ['rejects', { addresses: Promise.reject(new Error('locked')).catch(() => 7), chainId: {} }],
  ])('and %s counts as having no account', async (_, shows) => {
    const { next } = watch()
    choose(ADDRESS_B)
    expect(await next()).toEqual(only(ACCOUNT_B, false))
    wallet.shows = shows as TestWallet['shows']
    wallet.emit('connect', undefined)
    expect(await next()).toEqual(NOBODY)
  })

  it.each(['rejects', 'throws'])('and %s counts as having no account', async (how) => {
    const { next } = watch({ account: ACCOUNT_A })
    choose(ADDRESS_B)
    await next()
    const error = new Error('broken')
    wallet.provider.request = () => {
      if (how === 'throws') throw error
      return Promise.reject(error)
    }
    wallet.emit('chainChanged', '0x1')
    expect(await next()).toEqual(NOBODY)
    // The event and the answer contain everything that the wallet shows.
    wallet.provider.request = testWallet().provider.request
    choose(ADDRESS_B)
    expect(await next()).toEqual(only(ACCOUNT_B, false))
  })

  it('is waited for at most 3 seconds', async () => {
    const { next, told } = watch()
    choose(ADDRESS_B)
    await next()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    wallet.shows.chainId = HANGS
    wallet.emit('accountsChanged', [ADDRESS_A])
    await vi.advanceTimersByTimeAsync(2999)
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(told).toEqual([NOBODY])
  })

  it('is reported as locked without waiting for its answer', async () => {
    const { next } = watch()
    choose(ADDRESS_B)
    await next()
    wallet.shows.chainId = HANGS
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    choose()
    expect(await next()).toEqual(NOBODY)
  })

  it('is waited for at most 3 seconds at the start, too', async () => {
    await import('../../src/wallet/ethereum/account-watch.js')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    wallet.shows.addresses = HANGS
    const [own, first] = [watch({ account: ACCOUNT_A }), watch()]
    // As late as the watch, whose code is loaded on demand.
    await import('../../src/wallet/ethereum/account-watch.js')
    choose(ADDRESS_B)
    await vi.advanceTimersByTimeAsync(2999)
    expect([...own.told, ...first.told]).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(own.told).toEqual([only(ACCOUNT_B, false)])
    expect(first.told).toEqual([only(ACCOUNT_B, false)])
  })
})

describe('the listener of watchWallet', () => {
  it('is called with the last change only, after its earlier call has finished', async () => {
    const heard: unknown[] = []
    let finish = (): void => undefined
    const { next, told } = watch({}, ({ account }) => {
      heard.push(account)
      return new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    const other = watch()
    choose(ADDRESS_B)
    await Promise.all([next(), other.next()])
    chooseChain(10)
    choose()
    choose(ADDRESS_A)
    await other.next()
    expect(told).toEqual([])
    finish()
    expect(await next()).toEqual(only(on(10, ACCOUNT_A), false))
    expect(heard).toEqual([ACCOUNT_B, on(10, ACCOUNT_A)])
    finish()
  })

  it('is not called if the wallet returned to the known account meanwhile', async () => {
    let finish = (): void => undefined
    const { next, told } = watch(
      {},
      () =>
        new Promise<void>((resolve) => {
          finish = resolve
        }),
    )
    choose(ADDRESS_B)
    await next()
    choose(ADDRESS_A)
    choose(ADDRESS_B)
    finish()
    choose()
    expect(await next()).toEqual(NOBODY)
    expect(told).toEqual([])
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('oops')
      },
    ],
    ['rejects', () => Promise.reject(new Error('oops'))],
  ])('that %s is called for the next change, and its error is reported', async (_, fail) => {
    const reports: (() => void)[] = []
    vi.stubGlobal('queueMicrotask', (report: () => void) => reports.push(report))
    const { next } = watch({}, fail)
    choose(ADDRESS_B)
    expect(await next()).toEqual(only(ACCOUNT_B, false))
    choose(ADDRESS_A)
    expect(await next()).toEqual(only(ACCOUNT_A, true))
    vi.unstubAllGlobals()
    expect(reports[0]).toThrow('oops')
  })
})

describe('watching stops', () => {
  it.each<[string, (stop: () => void) => void]>([
    ['with the function', (stop) => stop()],
    ['with the function, called twice', (stop) => [stop(), stop()]],
    ['with the signal', () => end.abort()],
  ])('%s', async (_, finish) => {
    const { stop, next, told } = watch()
    const other = watch({ signal: new AbortController().signal })
    expect(wallet.listeners).toBe(8)
    choose(ADDRESS_B)
    await next()
    await other.next()
    // This request has already been sent.
    choose(ADDRESS_A)
    finish(stop)
    expect(wallet.listeners).toBe(4)
    choose()
    expect(await other.next()).toEqual(NOBODY)
    expect(told).toEqual([])
    other.stop()
  })

  it('before it begins if the signal is already aborted', () => {
    watch({ signal: AbortSignal.abort() })
    expect([wallet.listeners, wallet.calls]).toEqual([0, []])
  })

  it('while the listener is running, which is not called again', async () => {
    let finish = (): void => undefined
    const { next, stop, told } = watch(
      {},
      () =>
        new Promise<void>((resolve) => {
          finish = resolve
        }),
    )
    const other = watch()
    choose(ADDRESS_B)
    await Promise.all([next(), other.next()])
    choose()
    await other.next()
    stop()
    finish()
    choose(ADDRESS_A)
    await other.next()
    expect(told).toEqual([])
  })
})

describe('the arguments of watchWallet', () => {
  const { request, on: subscribe } = testWallet().provider
  it.each<[string, unknown[]]>([
    ['nothing', []],
    ['null', [null]],
    ['a wallet without events', [{ request }, () => undefined]],
    ['a wallet whose events can not be left', [{ request, on: subscribe }, () => undefined]],
    ['an emitter without a wallet', [{ on: subscribe, off: subscribe }, () => undefined]],
    ['no listener', [testWallet().provider]],
    ['a listener that is no function', [testWallet().provider, {}]],
    ['an account of another chain', [testWallet().provider, () => undefined, { account: 'solana:1:abc' }]],
    ['an invalid account', [testWallet().provider, () => undefined, { account: ADDRESS_A }]],
  ])('throws a TypeError for %s', (_, args) => {
    expect(() => (watchWallet as (...given: unknown[]) => unknown)(...args)).toThrow(TypeError)
  })

  it('accepts a wallet whose methods need their this, and one with off', async () => {
    const { provider } = wallet
    class Provider {
      readonly #inner = provider
      request(args: Parameters<EIP1193Provider['request']>[0]) {
        return this.#inner.request(args)
      }
      on(event: string, handler: (payload: unknown) => void) {
        this.#inner.on(event, handler)
      }
      off(event: string, handler: (payload: unknown) => void) {
        this.#inner.removeListener(event, handler)
      }
    }
    const change = new Promise<WalletChange>((resolve) => {
      watchWallet(new Provider(), resolve, { signal: end.signal })
    })
    choose(ADDRESS_B)
    expect(await change).toEqual(only(ACCOUNT_B, false))
  })
})
