import { reasonOf as demoReasonOf } from '../../demo/page/words.js'

/** @type {Record<string, string>} */
const REASONS = {
  ERR_CAPABILITY_REVOKED: 'You were signed out, here or on another device. Sign in again.',
  ERR_SIGN_IN: 'The server doesn’t know this sign-in any more. Sign in again.',
  ERR_SIGN_IN_NONCE: 'This sign-in took too long, or was used before. Sign in again.',
  ERR_REQUEST_REPLAYED: 'The server has had this very request before.',
  ERR_REQUEST_STALE: 'The clock of this device is wrong, or the request was too long on its way.',
  ERR_REQUEST_UNSIGNED: 'No session key signed this request.',
  ERR_REQUEST_TOO_LARGE: 'This note is too long.',
  ERR_STORE_UNAVAILABLE: 'The server can’t check who you are right now. Try again in a moment.',
  ERR_REVOCATION_FAILED:
    'The server could not be told: it would still take a stolen session until that expires.',
  ERR_NOTE: 'A note needs some text, and not too much.',
  ERR_NOTES_FULL: 'That is as many notes as this example keeps. Delete one first.',
  ERR_NOTE_GONE: 'This note was deleted before.',
  ERR_SERVER: 'Something went wrong on the server. Try again in a moment.',
  ERR_UNREACHABLE: 'The server can’t be reached. Is it running?',
}

/**
 * What went wrong, for a person: whether the server refused it, or the library.
 * @param {unknown} error
 */
export function reasonOf(error) {
  const { cause } = /** @type {{ cause?: unknown }} */ (error ?? {})
  return REASONS[codeOf(error)] ?? REASONS[codeOf(cause)] ?? demoReasonOf(error)
}

/**
 * Whether this is the end of the session, and not only of what was tried.
 * @param {unknown} error
 */
export const isEnd = (error) => /^ERR_(CAPABILITY|SIGN_IN)/.test(codeOf(error))

/** @param {unknown} error */
const codeOf = (error) => String(/** @type {{ code?: unknown } | null | undefined} */ (error)?.code)
