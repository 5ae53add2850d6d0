/** Messages for people, by the code that the server sends or the session throws. */
const REASONS = new Map([
  ['ERR_REQUEST_UNSIGNED', 'Sign in first.'],
  ['ERR_REQUEST_REPLAYED', 'This was already sent, and is accepted only once.'],
  ['ERR_REQUEST_STALE', 'The clock of this device is wrong.'],
  ['ERR_REQUEST_TOO_LARGE', 'That is too long.'],
  ['ERR_CAPABILITY_RESOURCES', 'You did not allow this when you signed in.'],
  ['ERR_CAPABILITY_EXPIRED', 'Your session has expired. Sign in again.'],
  ['ERR_CAPABILITY_REVOKED', 'You have signed out. Sign in again.'],
  ['ERR_STORE_UNAVAILABLE', 'The server has a problem. Try again soon.'],
  ['ERR_NOTE', 'A note needs a text.'],
])

/** @param {string | undefined} code */
export const reasonOf = (code) => REASONS.get(code ?? '') ?? `That went wrong (${code ?? 'no answer'}).`
