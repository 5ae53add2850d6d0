// What a page needs only once someone signs in, or nothing of ours is stored: one chunk, loaded then. The page's
// first question, whether someone is signed in already, is answered without it.

export { requestOf, signRequest } from '../http/sign-request.js'
export { acquire } from './acquire.js'
export { adoptDIDSession4, forgetDIDSession4 } from './adopt.js'
export { authorize } from './authorize.js'
export { listSessions } from './list.js'
export { readSession, sessionOfSeed } from './session-string.js'
