// What a page loads only after it knows whether someone is signed in. One module, because a bundler cuts the code that pages
// load first into a piece for each set of modules that are loaded later: with a module for each call, seventeen pieces.

export { signedFetch, signNow } from '../http/signed-fetch.js'
export { TRUST_READERS } from '../options/read-grant-options.js'
export { helpers } from '../resume/helpers.js'
export { listSessions } from '../resume/list.js'
export { encrypted, readSession } from '../resume/session-string.js'
export { renew } from '../sign-in/renew.js'
export { askedResources } from '../sign-in/request-capability.js'
export { authorize, getSession } from '../sign-in/sign-in.js'
export { follow } from '../tabs/session-watch.js'
export { createToken, signURL } from '../token/create-token.js'
export { delegate } from './delegate.js'
export { listenFor, listenForChanges } from './events.js'
export { explain } from './explain.js'
export { keepCookie } from './keep-cookie.js'
export { removeSession, revokeAt, signOut } from './sign-out.js'
