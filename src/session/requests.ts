// What a page loads when it sends its first signed request.

export { signedFetch, signNow } from '../http/signed-fetch.js'
export { givenTrusting, resume, trustingContext } from '../resume/resume.js'
export { createToken, signURL } from '../token/create-token.js'
