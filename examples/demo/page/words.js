/** @type {Record<string, string>} */
const REASONS = {
  ERR_AUTH_REJECTED: 'You declined in the wallet, so nothing was signed. Choose a wallet to try again.',
  ERR_CAPABILITY_EXPIRED: 'This session has expired. Sign in again.',
  ERR_CAPABILITY_SIGNATURE: 'The wallet signed with another account. Switch to the right one and try again.',
  ERR_CAPABILITY_UNSUPPORTED: 'This is a smart account, which this demo can’t check. Try another wallet.',
  ERR_ENVIRONMENT: 'This page has no secure connection. Open it at localhost.',
  ERR_STORE_UNAVAILABLE: 'The browser does not let this page use its storage.',
}

/** @type {Record<string, string>} */
const PLACES = {
  indexeddb: 'This browser, across reloads and restarts',
  memory: 'Memory only',
}
const LASTING = 'Reload this page, or close it and come back: you stay signed in, and no wallet is asked.'
const PASSING = 'This browser keeps nothing for this page, so a reload signs you out.'

/**
 * What went wrong, for a person. Errors of the library are told apart by their code.
 * @param {unknown} error
 */
export function reasonOf(error) {
  const { code = '', message = 'Something went wrong.' } =
    /** @type {{ code?: string, message?: string }} */ (error ?? {})
  return REASONS[code] ?? message
}

/**
 * Where a session is, in words.
 * @param {string} persistence
 */
export const placeOf = (persistence) => PLACES[persistence] ?? persistence

/**
 * What becomes of a session that is there.
 * @param {string} persistence
 */
export const outlookOf = (persistence) => (persistence === 'indexeddb' ? LASTING : PASSING)

/**
 * The account's address, without the chain that it is on.
 * @param {string} id
 */
export const addressOf = (id) => id.slice(id.lastIndexOf(':') + 1)

/**
 * @param {string} text
 * @param {number} head
 * @param {number} tail
 */
export const shorten = (text, head, tail) =>
  text.length > head + tail ? `${text.slice(0, head)}…${text.slice(-tail)}` : text
