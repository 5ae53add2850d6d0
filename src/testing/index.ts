/**
 * For the tests of apps: a wallet, a clock, storage that fails, and a server, all of which the test controls; and test
 * cases for the stores of servers. Never use them in production, because the wallet's key is public.
 */
export type { Clock } from '../base/environment.js'
export { deviceStoreCases } from './device-cases.js'
export {
  evictIndexedDB,
  type FailingIndexedDBOptions,
  failingIndexedDB,
  type IndexedDBFailure,
} from './failing-indexeddb.js'
export {
  type Failing,
  failingStore,
  failingStrings,
  type StoreBehaviour,
  type StringsBehaviour,
} from './failing-store.js'
export { type TestClock, testClock } from './fake-clock.js'
export {
  type ServerBehaviour,
  type TestCall,
  type TestRefusal,
  type TestServer,
  type TestServerOptions,
  testServer,
} from './fake-server.js'
export type { WalletBehaviour } from './fake-user.js'
export { type TestWallet, type TestWalletOptions, testWallet, type WalletListener } from './fake-wallet.js'
export type { Restore } from './replace.js'
export { revocationStoreCases } from './revocation-cases.js'
export { replayStoreCases, type StoreCase, type StoreCasesOptions } from './store-cases.js'
export { type WalletAnswer, type WalletCall, type WalletPages, walletInPages } from './wallet-in-pages.js'
