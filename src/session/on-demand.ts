// What a page needs only once someone signs in, or nothing of ours is stored: one chunk, loaded then. The page's
// first question, whether someone is signed in already, is answered without it.

export { until } from '../base/abort.js'
export { missingGrants } from '../capability/recap.js'
export { requestOf, signRequest } from '../http/sign-request.js'
export { canSign } from '../key/generate-key.js'
export {
  authorizeOptions,
  delegateOptions,
  fromSessionOptions,
  getOptions,
  renewOptions,
  serializeOptions,
  TRUST_READERS,
} from '../options/read-grant-options.js'
export { wasEvicted } from '../resume/eviction.js'
export { listSessions } from '../resume/list.js'
export { adoptDIDSession4 } from '../resume/migrate-did-session-4.js'
export { readSession, sessionOfSeed, writeEncrypted } from '../resume/session-string.js'
export { refusalOf } from '../resume/trust.js'
export { renew } from '../sign-in/renew.js'
export { askedResources } from '../sign-in/request-capability.js'
export { acquire, authorize, noteUse } from '../sign-in/sign-in.js'
export { watchOf } from '../tabs/session-watch.js'
export { delegate } from './delegate.js'
export { listenFor } from './events.js'
export { removeSession, removeSessions, revokeAt } from './sign-out.js'
