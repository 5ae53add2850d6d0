// The code that a page loads when it signs its first request.

export { signNow } from '../http/sign-request.js'
export { signedFetch } from '../http/signed-fetch.js'
export { givenTrusting, resume, trustingContext } from '../resume/resume.js'
export { createToken, signURL } from '../token/create-token.js'
