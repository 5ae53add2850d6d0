import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { beforeAll, describe, expect, it } from 'vitest'
import { requireSession } from '../../src/middleware/hono.js'
import { accepting, post, RESOURCE, type TestSigner, testSigner } from '../setup/request-signer.js'

// Only in Node: a browser doesn't let a script set Origin.

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

describe('Hono with cors()', () => {
  const origin = 'https://app.example.com'
  const allow = cors({ origin, exposeHeaders: ['X-Total'] })
  const guard = requireSession({ ...accepting, resources: [RESOURCE], debug: false })
  const from = (request: Request): Request =>
    new Request(request, { headers: [...request.headers, ['origin', origin]] })

  it('before requireSession answers a refusal with the headers of both', async () => {
    const response = await new Hono().use(allow, guard).fetch(from(post()))
    expect(response.status).toBe(401)
    expect(response.headers.get('access-control-allow-origin')).toBe(origin)
    expect(response.headers.get('access-control-expose-headers')).toBe(
      'X-Total, Date, WWW-Authenticate, Cacao-Received-Method',
    )
    expect(response.headers.get('vary')).toMatch(/Origin/)
    expect(response.headers.get('vary')).toMatch(/Authorization/)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({ code: 'ERR_REQUEST_UNSIGNED' })
  })

  it('keeps the Cache-Control of a refusal, even if an earlier middleware set another', async () => {
    const app = new Hono().use(async (c, next) => {
      c.header('cache-control', 'public')
      await next()
    }, guard)
    const response = await app.fetch(post())
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('access-control-expose-headers')).toBe(
      'Date, WWW-Authenticate, Cacao-Received-Method',
    )
  })

  it('says what a refusal varies by in addition to what a middleware before it has said', async () => {
    const app = new Hono().use(async (c, next) => {
      c.header('vary', 'Accept-Language')
      await next()
    }, guard)
    expect((await app.fetch(post())).headers.get('vary')).toBe('Accept-Language, Authorization')
  })

  it.each([
    ['before', [allow, guard]],
    ['after', [guard, allow]],
  ] as const)('%s requireSession answers with the headers of both', async (_, [first, second]) => {
    const app = new Hono().use(first, second).post('*', (c) => c.text('saved'))
    const { headers } = await app.fetch(from(await signer.sign(post())))
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-expose-headers')).toBe('X-Total')
    expect(headers.get('vary')).toMatch(/Origin/)
    expect(headers.get('vary')).toMatch(/Authorization/)
    expect(headers.get('cache-control')).toBe('private, no-store')
  })
})
