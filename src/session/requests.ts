// The code that a page loads when it signs its first request.

export { signedFetch, signNow } from '../http/signed-fetch.js'
export { givenTrusting, resume, trustingContext } from '../resume/resume.js'
export { createToken, signURL } from '../token/create-token.js'
