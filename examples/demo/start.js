import { bundle } from './bundle.js'
import { serve } from './server.js'
import { print, styled, title } from './terminal.js'
import { tour } from './tour.js'

const DEFAULT_PORT = 4361

/** The port that the environment asks for. */
function wantedPort() {
  const text = process.env.PORT || String(DEFAULT_PORT)
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new Error(`PORT must be a number from 0 to 65535, not ${text}`)
}

async function start() {
  const port = wantedPort()
  await tour()
  const server = await serve(await bundle(), port)
  title('The same in a browser')
  print(`Page: http://localhost:${server.port}/`)
  print(styled('dim', 'Press Ctrl+C to stop.'))
  print()
  const stop = () => server.close().then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}

start().catch((error) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
