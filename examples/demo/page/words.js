/** @type {Record<string, string>} */
const REASONS = {
  ERR_AUTH_REJECTED: 'You declined in the wallet, so nothing was signed.',
  ERR_CAPABILITY_EXPIRED: 'This session has expired. Sign in again.',
  ERR_CAPABILITY_REVOKED: 'You were signed out, here or on another device. Sign in again.',
  ERR_CAPABILITY_SIGNATURE: 'The wallet signed with another account. Switch to the right one and try again.',
  ERR_CAPABILITY_UNSUPPORTED: 'This is a smart account, which this demo can’t check. Try another wallet.',
  ERR_ENVIRONMENT: 'This page has no secure connection. Open it at localhost.',
  ERR_STORE_UNAVAILABLE: 'The browser does not let this page use its storage.',
  ERR_SIGN_IN: 'The server doesn’t know this sign-in any more. Sign in again.',
  ERR_SIGN_IN_NONCE: 'This sign-in took too long, or was used before. Sign in again.',
  ERR_REQUEST_REPLAYED: 'The server has already received this request.',
  ERR_REQUEST_DIGEST: 'The body is not the one that was signed.',
  ERR_REQUEST_SIGNATURE: 'The request is not the one that was signed.',
  ERR_REQUEST_STALE: 'The clock of this device is wrong, or the request took too long to arrive.',
  ERR_REQUEST_UNSIGNED: 'No session key signed this request.',
  ERR_REQUEST_TOO_LARGE: 'This note is too long.',
  ERR_REVOCATION_FAILED:
    'The server could not be reached: it would still accept a stolen session until that expires.',
  ERR_NOTE: 'A note needs some text, and not too much.',
  ERR_NOTES_FULL: 'This example stores no more notes. Delete one first.',
  ERR_NOTE_GONE: 'This note has already been deleted.',
  ERR_SERVER: 'Something went wrong on the server. Try again in a moment.',
  ERR_UNREACHABLE: 'The server can’t be reached. Is it running?',
}

/** @type {Record<string, string>} */
const PLACES = {
  indexeddb: 'This browser, across reloads and restarts',
  memory: 'Memory only: a reload signs you out',
}

/** @param {unknown} error */
const codeOf = (error) => String(/** @type {{ code?: unknown } | null | undefined} */ (error)?.code)

/**
 * Returns a message for people about an error of the server or of the library, by its code.
 * @param {unknown} error
 */
export function reasonOf(error) {
  const { cause, message = 'Something went wrong.' } = /** @type {{ cause?: unknown, message?: string }} */ (
    error ?? {}
  )
  return REASONS[codeOf(error)] ?? REASONS[codeOf(cause)] ?? message
}

/**
 * Whether the error means that the session no longer works, and not only that one request failed.
 * @param {unknown} error
 */
export const isEnd = (error) => /^ERR_(CAPABILITY|SIGN_IN)/.test(codeOf(error))

/**
 * Where a session is stored, as a text for people.
 * @param {string} persistence
 */
export const placeOf = (persistence) => PLACES[persistence] ?? persistence

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
