import { testWallet } from '../../../src/testing/index.js'

// A wallet besides the page's own, as an extension would add it without the page's knowledge.
const wallet = testWallet({ name: 'Test wallet', behaviour: 'hangs', connected: false })
wallet.announce()

export type InjectedWallet = typeof wallet

Object.assign(globalThis, { wallet })
