export type { Clock } from './base/clock.js'
export { SessionError, type SessionErrorCode } from './base/errors.js'
export { type CallbackBackend, callbackStore, type StoreCallback } from './store/callback-store.js'
export type { CookieStoreOptions } from './store/cookie-options.js'
export { type CookieSource, type CookieStore, type CookieTarget, cookieStore } from './store/cookie-store.js'
export { type IndexedDBStoreOptions, indexedDBStore } from './store/indexeddb.js'
export { memoryStore } from './store/memory.js'
export type {
  LastUsed,
  NewSession,
  Persistence,
  SessionId,
  SessionRecord,
  SessionStore,
  StoreChange,
} from './store/store.js'
export { type StringStore, type StringStoreOptions, stringStore } from './store/string-store.js'
