import { serveNotes } from '../notes/server.js'
import { memoryStores } from '../notes/stores.js'
import { bundle } from './bundle.js'
import { run, wantedNumber } from './process.js'
import { serve } from './server.js'
import { print, styled, title } from './terminal.js'
import { tour } from './tour.js'

const PAGE = new URL('./page/', import.meta.url)

run(async () => {
  // The notes have the port after the page's.
  const port = wantedNumber('PORT', 4361, { least: 0, most: 65_534 })
  await tour()
  const notes = await serveNotes(port === 0 ? 0 : port + 1, memoryStores())
  const files = await bundle(PAGE, ['index.html', 'style.css', 'icon.svg'])
  const page = await serve(files, port, notes.port)
  title('The same in a browser')
  print(`Page: http://localhost:${page.port}/`)
  print(`Notes: http://localhost:${notes.port}/`)
  print(styled('dim', 'Press Ctrl+C to stop.'))
  print()
  return () => Promise.all([page.close(), notes.close()])
})
