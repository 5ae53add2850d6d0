// What a page has loaded before it loads anything else. Each module that loads later exports these too, although nobody takes them
// from there: a bundler cuts the code that pages load first into a file for each set of modules that use it later, and so into two.

export { givenTrusting } from '../options/read-options.js'
export { trustingContextOf } from './context.js'
export { resume } from './resume.js'
