import { DIDSession } from 'cacao-session'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { redisReplay } from 'cacao-session/node'
import { requestVerifier } from 'cacao-session/verify'
import { Cluster } from 'ioredis'

// One process of an API: verifies requests that were signed before, as many at a time as a busy server has.

const REQUESTS = 6000
const IN_FLIGHT = 64

const client = new Cluster(
  process.env.PORTS.split(',').map((port) => ({ host: '127.0.0.1', port: Number(port) })),
)
const resources = ['https://api.example.com/notes/*']
const session = await DIDSession.authorize(
  ethereumAuth(`0x${'11'.repeat(32)}`, undefined, { domain: 'app.example.com' }),
  { resources },
)
const verify = requestVerifier({
  verifiers: ethereumVerifiers(),
  authority: 'api.example.com',
  domains: ['app.example.com'],
  resources,
  replay: redisReplay(client),
  maxAgeSecs: 3600,
  storeTimeoutMs: 20_000,
})
const requests = []
while (requests.length <= REQUESTS)
  requests.push(await session.signRequest(new Request(`https://api.example.com/notes/${requests.length}`)))
await verify(requests.pop())
process.once('message', async () => {
  const before = process.cpuUsage()
  const work = async () => {
    for (let next = requests.pop(); next; next = requests.pop()) await verify(next)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  const { user, system } = process.cpuUsage(before)
  process.send({ requests: REQUESTS, cpuSecs: (user + system) / 1e6 })
})
process.send('ready')
