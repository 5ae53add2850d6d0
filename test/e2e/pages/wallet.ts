import { testWallet } from '../../../src/testing/index.js'

// A wallet beside the page's own, as an extension would be: the page knows nothing of it.
const wallet = testWallet({ name: 'Test wallet', behaviour: 'hangs', connected: false })
wallet.announce()

export type InjectedWallet = typeof wallet

Object.assign(globalThis, { wallet })
