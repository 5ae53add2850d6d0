import { once } from 'node:events'
import { createServer } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/express'

// A server that reports its memory on request. Run with --expose-gc.

const admit = requireSession({
  verifiers: ethereumVerifiers(),
  authority: 'api.example.com',
  domains: ['app.example.com'],
  resources: ['https://api.example.com/notes/*'],
  debug: false,
})
const server = createServer((request, response) => admit(request, response, () => response.end('accepted')))
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.on('message', async () => {
  await turn()
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  process.send({ held: heapUsed + external })
})
process.send({ port: server.address().port })
