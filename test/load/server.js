import { createServer } from 'node:http'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { callerOf, requireSession } from 'cacao-session/express'

// One of several equal servers, as an app would write it: they share only a store.

const { replay } = await import(`./stores/${process.env.STORE}.js`)
const admit = requireSession({
  verifiers: ethereumVerifiers(),
  authority: 'api.example.com',
  domains: ['example.com'],
  resources: ['https://api.example.com/notes/*'],
  replay,
  // A busy machine is slow, but its store is not down.
  storeTimeoutMs: 20_000,
  debug: false,
})
const server = createServer((request, response) =>
  admit(request, response, (error) => {
    if (error) response.writeHead(500).end(String(error))
    else response.end(callerOf(request).account)
  }),
)
server.listen(0, '127.0.0.1', () => process.send?.(server.address()?.port))
process.on('disconnect', () => process.exit())
