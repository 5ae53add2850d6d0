import { createServer } from 'node:http'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { callerOf, requireSession } from 'cacao-session/express'
import { redisReplay, verifyWithNodeCrypto } from 'cacao-session/node'
import { createClient } from 'redis'

// One of several servers that stand for one another, as an app would write it: they share a Redis, and nothing else.

const client = createClient({
  url: process.env.REDIS_URL,
  socket: { reconnectStrategy: 50 },
  disableOfflineQueue: true,
})
client.on('error', () => {})
await client.connect()
const admit = requireSession({
  verifiers: ethereumVerifiers(),
  verifyKeySignature: verifyWithNodeCrypto,
  authority: 'api.example.com',
  domains: ['example.com'],
  resources: ['https://api.example.com/notes/*'],
  replay: redisReplay(client),
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
