// What a page needs only once someone signs in, or nothing of ours is stored: one chunk, loaded then. The page's
// first question, whether someone is signed in already, is answered without it.

export { until } from '../base/abort.js'
export { missingGrants } from '../capability/grants.js'
export { requestOf, signRequest } from '../http/sign-request.js'
export { canSign } from '../key/generate.js'
export { acquire } from './acquire.js'
export { adoptDIDSession4 } from './adopt.js'
export { authorize } from './authorize.js'
export { delegate } from './delegate.js'
export { listenFor } from './events.js'
export { askedResources } from './grant.js'
export { wasEvicted } from './kept-marks.js'
export { listSessions } from './list.js'
export { noteUse } from './note-use.js'
export {
  authorizeOptions,
  delegateOptions,
  fromSessionOptions,
  getOptions,
  renewOptions,
  serializeOptions,
} from './read-grant-options.js'
export { renew } from './renew.js'
export { revokeAt } from './revoke.js'
export { readSession, sessionOfSeed, writeEncrypted } from './session-string.js'
export { removeSession, removeSessions } from './sign-out.js'
export { refusalOf } from './trust.js'
export { TRUST_READERS } from './trust-readers.js'
export { watchOf } from './watch.js'
