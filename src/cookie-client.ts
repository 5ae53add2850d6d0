export { SessionError, type SessionErrorCode } from './base/errors.js'
export { continueNavigation } from './session/continue-navigation.js'
export type { CookieOwner } from './store/page-cookie.js'
