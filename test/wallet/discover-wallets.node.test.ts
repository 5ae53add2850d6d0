import { expect, it } from 'vitest'
import { discoverWallets } from '../../src/wallet/ethereum/index.js'

it('discoverWallets returns no wallets where there is no window', async () => {
  expect(await discoverWallets()).toEqual([])
})
