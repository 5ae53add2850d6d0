/**
 * For the tests of apps: a wallet, a clock, storage that fails and a server, all of which do what they are told. For no
 * production: the wallet's key is known to everybody.
 */
export type { Clock } from './base/clock.js'
export { type TestClock, testClock } from './testing/clock.js'
export {
  evictIndexedDB,
  type FailingIndexedDBOptions,
  failingIndexedDB,
  type IndexedDBFailure,
} from './testing/failing-indexeddb.js'
export {
  type Failing,
  failingStore,
  failingStrings,
  type StoreBehaviour,
  type StringsBehaviour,
} from './testing/failing-store.js'
export type { Repair } from './testing/repair.js'
export {
  type ServerBehaviour,
  type TestCall,
  type TestRefusal,
  type TestServer,
  type TestServerOptions,
  testServer,
} from './testing/server.js'
export { type TestWallet, type TestWalletOptions, testWallet, type WalletListener } from './testing/wallet.js'
export type { WalletBehaviour } from './testing/wallet-behaviour.js'
