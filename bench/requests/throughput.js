import { requireSession } from 'cacao-session/hono'
import { median } from '../timing/stats.js'

const REQUESTS = 1000
const AT_ONCE = 50
const ROUNDS = 7

/**
 * Requests a second on one core through an app of Hono, as medians: signed by a session, and with bearer JWTs.
 *
 * @returns {Promise<Map<string, number>>}
 */
export async function throughput({ session, verifierOptions, TARGET, bearer, verifyBearer, server }) {
  const { Hono, jwt } = await import('../peers/peers.js')
  const app = (middleware) => {
    const made = new Hono()
    made.use(middleware)
    made.get('/notes', (c) => c.json({ ok: true }))
    return made
  }
  const publicKey = await crypto.subtle.exportKey('jwk', server.publicKey)
  const apps = new Map([
    ['requireSession', app(requireSession(verifierOptions))],
    ['hono/jwt ES256', app(jwt({ secret: publicKey, alg: 'ES256' }))],
    [
      'jose: bearer JWT, in Hono',
      app(async (c, next) => {
        await verifyBearer(c.req.raw)
        await next()
      }),
    ],
  ])
  const rates = new Map([...apps.keys()].map((name) => [name, []]))
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, { fetch }] of apps) {
      const isOurs = name === 'requireSession'
      const requests = []
      while (requests.length < REQUESTS)
        requests.push(
          isOurs
            ? await session.signRequest(new Request(TARGET))
            : new Request(TARGET, { headers: { authorization: `Bearer ${bearer}` } }),
        )
      const start = performance.now()
      while (requests.length > 0) {
        const answers = await Promise.all(requests.splice(0, AT_ONCE).map((request) => fetch(request)))
        if (answers.some(({ status }) => status !== 200)) throw new Error(`${name}: ${answers[0].status}`)
      }
      if (round >= 0) rates.get(name).push((REQUESTS / (performance.now() - start)) * 1000)
    }
  }
  return new Map([...rates].map(([name, all]) => [name, median(all)]))
}
