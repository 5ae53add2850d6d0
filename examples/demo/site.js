import { serveNotes } from '../notes/server.js'
import { memoryStores } from '../notes/stores.js'
import { bundle } from './bundle.js'
import { wantedNumber } from './process.js'
import { serve } from './server.js'

const PAGE = new URL('./page/', import.meta.url)

/**
 * Serves the demo's page, and the notes app that it leads to, which has the port after the page's.
 * @param {(files: Map<string, import('./bundle.js').File>) => void} [change] What is to be different about the page's files.
 */
export async function serveSite(change) {
  const port = wantedNumber('PORT', 4361, { least: 0, most: 65_534 })
  const files = await bundle(PAGE, ['index.html', 'style.css', 'icon.svg'])
  change?.(files)
  const notes = await serveNotes(port === 0 ? 0 : port + 1, memoryStores())
  const page = await serve(files, port, notes.port)
  return { port: page.port, notesPort: notes.port, close: () => Promise.all([page.close(), notes.close()]) }
}
