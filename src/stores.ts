export type { Clock } from './base/environment.js'
export { SessionError, type SessionErrorCode } from './base/errors.js'
export type { CookieStoreOptions } from './store/cookie-format.js'
export { type CookieSource, type CookieStore, type CookieTarget, cookieStore } from './store/cookie-store.js'
export { type IndexedDBStoreOptions, indexedDBStore } from './store/indexeddb-store.js'
export { memoryStore } from './store/memory-store.js'
export type {
  LastUsed,
  NewSession,
  Persistence,
  SessionDatabase,
  SessionId,
  SessionRecord,
  SessionStore,
  StoreChange,
  StoredAccount,
} from './store/store.js'
export {
  type CallbackBackend,
  callbackStore,
  type StoreCallback,
  type StringStore,
  type StringStoreOptions,
  stringStore,
} from './store/string-store.js'
