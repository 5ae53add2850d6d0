export type { AccountInput } from './base/account.js'
export { SessionError, type SessionErrorCode } from './base/errors.js'
export type { Clock } from './base/time.js'
export type { Abilities, Ability, Caveats } from './capability/abilities.js'
export type { AuthMethod, AuthMethodOpts } from './capability/auth-method.js'
export type { Cacao, CacaoHeader, CacaoPayload, CacaoSignature } from './capability/cacao.js'
export type { Domains, IsRevoked } from './capability/check-options.js'
export type { CacaoVerifier, VerifierOptions, Verifiers } from './capability/verify-signature.js'
export type { SessionKeyType } from './key/session-key.js'
export type {
  AskedResources,
  AuthorizeOptions,
  DelegateOptions,
  ExplainOptions,
  FromSessionOptions,
  GetOptions,
  GrantOptions,
  ListOptions,
  RenewOptions,
  RequestSigner,
  ResumeOptions,
  SerializeOptions,
  SessionFetchInit,
  SignRequestOptions,
  StoreOptions,
  TrustOptions,
} from './options/session-options.js'
export type { SessionSummary } from './resume/list.js'
export type { SessionStatus } from './resume/stored-sessions.js'
export { DIDSession, type SessionEvent } from './session/did-session.js'
export type { SessionEventType, SessionListenerOptions } from './session/events.js'
export { type IndexedDBStoreOptions, indexedDBStore } from './store/indexeddb-store.js'
export type {
  LastUsed,
  NewSession,
  Persistence,
  SessionId,
  SessionRecord,
  SessionStore,
  StoreChange,
} from './store/store.js'
export type { SessionChange } from './tabs/session-watch.js'
