import { serveNotes } from '../notes/server.js'
import { memoryStores } from '../notes/stores.js'
import { wantedNumber } from './process.js'

/**
 * Serves the demo: a page, and the notes behind it.
 * @param {(files: Map<string, import('./bundle.js').File>) => void} [change] What is to be different about the page's files.
 */
export function serveSite(change) {
  return serveNotes(wantedNumber('PORT', 4361, { least: 0, most: 65_535 }), memoryStores(), change)
}
