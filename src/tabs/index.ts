// The code that a page loads once someone is signed in: it watches the other tabs and the expiry. Code that loads later imports it by
// `import()`, because bundlers make an additional file of whatever two of these modules import statically.

export { onPageResume, scheduleAt, until } from '../base/schedule.js'
export { givenTrusting, resume, trustingContext } from '../resume/resume.js'
export { scopeOf, tabChannel } from './channel.js'
export { listenFor, listenForChanges, tellCookieFailed } from './session-events.js'
export { endSession, follow, watchOf } from './session-watch.js'
