// The code that a page loads when someone signs in or out, and for what is used rarely.

export { listSessions } from '../resume/list.js'
export { givenTrusting, resume, trustingContext } from '../resume/resume.js'
export { encrypted, readSession } from '../resume/session-string.js'
export { renew } from '../sign-in/renew.js'
export { askedResources, nonceOf } from '../sign-in/request-capability.js'
export { authorize, getSession } from '../sign-in/sign-in.js'
export { writeIndexedDB } from '../store/write-indexeddb.js'
export { delegate } from './delegate.js'
export { explain } from './explain.js'
export { keepCookie } from './keep-cookie.js'
export { removeSession, revokeAt, signOut } from './sign-out.js'
