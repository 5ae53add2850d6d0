// What taking up a stored session needs only in some cases: checks of trust, abilities, stores of seeds or of the caller's own,
// and what did-session 4 left. One module, for the reason that session/on-demand.ts gives.

export { missingGrants } from '../capability/recap.js'
export { canSign } from '../key/generate-key.js'
export { migrate } from './migrate-did-session-4.js'
export { sessionOfSeed } from './session-string.js'
export { trustRefusal } from './trust.js'
