import { expect, it, vi } from 'vitest'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { watchWallet } from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A } from '../setup/wallet.js'

vi.mock('../../src/wallet/ethereum/account-watch.js', () => {
  throw new Error('offline')
})

it('watchWallet reports no account at each event if its code can not be loaded', async () => {
  const wallet = testWallet()
  let tell = (_: unknown): void => undefined
  const next = (): Promise<unknown> =>
    new Promise((resolve) => {
      tell = resolve
    })
  const stop = watchWallet(wallet.provider, (change) => tell(change), { account: ACCOUNT_A })
  for (const event of ['accountsChanged', 'chainChanged', 'disconnect', 'connect']) {
    const change = next()
    wallet.emit(event)
    expect(await change).toEqual({ account: undefined, accounts: [], isWatched: false })
  }
  stop()
  expect(wallet.listeners).toBe(0)
})

it('watchWallet leaves no rejection unhandled, neither its own nor the wallet’s', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const { provider } = testWallet()
  provider.request = () => Promise.reject(new Error('locked'))
  const stop = watchWallet(provider, () => undefined)
  await expect(import('../../src/wallet/ethereum/account-watch.js')).rejects.toThrow()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
  stop()
})
