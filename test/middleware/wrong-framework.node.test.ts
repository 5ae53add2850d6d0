import { describe, expect, it } from 'vitest'
import { requireSession as expressSession } from '../../src/middleware/express.js'
import { requireSession as fastifySession } from '../../src/middleware/fastify.js'
import { requireSession as fetchSession } from '../../src/middleware/fetch.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { failureOf } from '../setup/expect-code.js'
import { accepting } from '../setup/request-signer.js'

type Guard = (...args: unknown[]) => unknown

const guards: Readonly<Record<string, Guard>> = {
  express: expressSession(accepting) as Guard,
  fastify: fastifySession(accepting) as Guard,
  fetch: fetchSession(accepting, () => new Response()) as Guard,
  hono: honoSession(accepting) as unknown as Guard,
}

// What each framework passes, as far as a guard of another framework can see it.
const response = {
  headersSent: false,
  getHeader: () => undefined,
  setHeader: () => undefined,
  writeHead: () => ({ end: () => undefined }),
}
const incoming = { method: 'GET', url: '/notes', headers: { host: 'api.example.com' }, rawHeaders: [] }
const calls: Readonly<Record<string, readonly unknown[]>> = {
  express: [incoming, response, () => undefined],
  fastify: [
    { raw: incoming, method: 'GET', url: '/notes', originalUrl: '/notes', headers: incoming.headers },
    {
      raw: response,
      code: () => undefined,
      headers: () => undefined,
      getHeader: () => undefined,
      send: () => undefined,
    },
    () => undefined,
  ],
  fetch: [new Request('https://api.example.com/notes')],
  hono: [{ req: { raw: new Request('https://api.example.com/notes') } }, async () => undefined],
}

const pairs = Object.keys(guards).flatMap((entry) =>
  Object.keys(calls).flatMap((framework) => (framework === entry ? [] : [[entry, framework] as const])),
)

describe('a guard of another framework', () => {
  it.each(pairs)('says so at the first request: %s, called by %s', async (entry, framework) => {
    const error = await failureOf(async () => guards[entry]?.(...(calls[framework] ?? [])))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toMatch(
      new RegExp(`^requireSession of cacao-session/${entry} .* import it from the entry of your framework: `),
    )
  })

  it.each(['express', 'fetch'])('is not suspected of a request of its own: %s', async (entry) => {
    expect(await guards[entry]?.(...(calls[entry] ?? []))).not.toBeInstanceOf(Error)
  })

  it('shows how a hook is added to Fastify if it was registered as a plugin', async () => {
    const error = await failureOf(async () => guards.fastify?.({ addHook: () => undefined }, {}))
    expect((error as TypeError).message).toContain("addHook('onRequest', requireSession(")
  })
})
