import { run, wantedNumber } from '../demo/process.js'
import { print, styled, title } from '../demo/terminal.js'
import { serveUploads } from './server.js'

// node examples/delegate-worker/start.js

run(async () => {
  const { port, close } = await serveUploads(wantedNumber('PORT', 4363, { least: 0, most: 65_535 }))
  title('A worker that may upload, and nothing else')
  print(`Page: http://localhost:${port}/`)
  print(styled('dim', 'Press Ctrl+C to stop.'))
  print()
  return close
})
