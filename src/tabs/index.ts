// What a page loads once someone is signed in: it listens to the other tabs, and to the clock. Files that load still later use these
// by `import()`, because a bundler gives what two of them import statically a file of its own.

export { onPageResume, scheduleAt, until } from '../base/schedule.js'
export { givenTrusting, resume, trustingContext } from '../resume/resume.js'
export { scopeOf, tabChannel } from './channel.js'
export { listenFor, listenForChanges, tellCookieFailed } from './session-events.js'
export { endSession, follow, watchOf } from './session-watch.js'
