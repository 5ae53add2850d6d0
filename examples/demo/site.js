import { serveNotes } from '../notes/server.js'
import { memoryStores } from '../notes/stores.js'
import { wantedNumber } from './process.js'

/**
 * Serves the demo: a page, and the API for its notes.
 * @param {(files: Map<string, import('./bundle.js').File>) => void} [change] Changes the files of the page before they are served.
 */
export function serveSite(change) {
  return serveNotes(wantedNumber('PORT', 4361, { least: 0, most: 65_535 }), memoryStores(), change)
}
