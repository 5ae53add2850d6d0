import { missingGrants } from '../capability/recap.js'
import { canSign } from '../key/generate-key.js'
import { migrate } from './migrate-did-session-4.js'
import type { LoadHelpers } from './resume.js'
import { sessionOfSeed } from './session-string.js'
import { assertBelieved, trustRefusal } from './trust.js'

// The code that a page loads only in some cases, to resume a session or to watch it.

export { untilAborted } from '../base/abort.js'
export { watchInput } from '../base/watch-input.js'
export { TRUST_READERS } from '../options/read-grant-options.js'
export { clearCookies } from '../store/page-cookie.js'
export { givenTrusting, resume, trustingContext } from './resume.js'
export { assertBelieved, canSign, migrate, missingGrants, sessionOfSeed, trustRefusal }

/** The helpers of `resume`, for code that has already loaded them. */
export const loadedHelpers: LoadHelpers = async () => ({
  assertBelieved,
  canSign,
  migrate,
  missingGrants,
  sessionOfSeed,
  trustRefusal,
})
