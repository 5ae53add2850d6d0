export type { AccountInput } from './base/account.js'
export type { Clock } from './base/environment.js'
export { SessionError, type SessionErrorCode } from './base/errors.js'
export type { AuthMethod, AuthMethodOpts } from './capability/auth-method.js'
export type { Cacao, CacaoHeader, CacaoPayload, CacaoSignature } from './capability/cacao.js'
export type { Domains, Revocation } from './capability/check-options.js'
export type { Abilities, Ability, Caveats } from './capability/resources.js'
export type { CacaoVerifier, VerifierOptions, Verifiers } from './capability/verify-signature.js'
export type { TokenClaims } from './http/session-token.js'
export type { SessionKeyType } from './key/session-key.js'
export type {
  AskedResources,
  AuthorizeOptions,
  CreateTokenOptions,
  DelegateOptions,
  ExplainOptions,
  FromSessionOptions,
  GetOptions,
  GrantOptions,
  KeepCookieOptions,
  ListOptions,
  OriginOptions,
  RenewOptions,
  RequestSigner,
  ResumeOptions,
  RevokeOptions,
  SerializeOptions,
  SessionEventType,
  SessionFetchInit,
  SessionListenerOptions,
  SignRequestOptions,
  SignURLOptions,
  StoreOptions,
  TrustOptions,
} from './options/session-options.js'
export type { SessionSummary } from './resume/list.js'
export type { SessionStatus } from './resume/resume.js'
export type { SessionClient, SessionClientOptions } from './session/client.js'
export { createSessionClient, DIDSession, type SessionEvent } from './session/did-session.js'
export { type IndexedDBStoreOptions, indexedDBStore } from './store/indexeddb-store.js'
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
export type { SessionChange } from './tabs/session-watch.js'
