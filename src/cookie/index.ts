export type { Clock } from '../base/environment.js'
export { SessionError, type SessionErrorCode } from '../base/errors.js'
export type { DelegationOptions, Domains, Revocation } from '../capability/check-options.js'
export type { Ability } from '../capability/resources.js'
export type { Verifiers } from '../capability/verify-signature.js'
export type { Caller } from '../http/capability-gate.js'
export type { ReplayStore } from '../http/replay.js'
export type { RequestVerifierOptions, VerifyRequestOptions } from '../http/verify-options.js'
export type { StepTimes, VerifiedRequest, VerifyStep } from '../http/verify-request.js'
export type { RequireSessionOptions } from '../middleware/guard.js'
export type { NodeRequest } from '../middleware/node-request.js'
export type { NodeResponse } from '../middleware/node-response.js'
export type { CookieStoreOptions } from '../store/cookie-format.js'
export type { CookieSource } from '../store/cookie-store.js'
export type { CookieRequest, SessionCookieOptions } from './cookie-options.js'
export type { RefreshPageOptions } from './refresh-page.js'
export {
  type CookieVerdict,
  type ReadCookieOptions,
  type SessionCookie,
  sessionCookie,
} from './session-cookie.js'
