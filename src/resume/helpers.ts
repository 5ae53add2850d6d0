import { missingGrants } from '../capability/recap.js'
import { canSign } from '../key/generate-key.js'
import { migrate } from './migrate-did-session-4.js'
import type { LoadHelpers, ResumeHelpers } from './resume.js'
import { sessionOfSeed } from './session-string.js'
import { trustRefusal } from './trust.js'

/** The helpers themselves. */
export const helpers: ResumeHelpers = { canSign, migrate, missingGrants, sessionOfSeed, trustRefusal }

/** The helpers, for code that has loaded them anyway. */
export const loadedHelpers: LoadHelpers = async () => helpers
