import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  callerOf,
  requireSession,
  type SessionFastifyReply,
  type SessionFastifyRequest,
} from '../../src/middleware/fastify.js'
import { failureOf } from '../setup/expect-code.js'
import { accepting, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'

// How Fastify declares a route and its hook.
interface TypedRequest<Params> extends SessionFastifyRequest {
  readonly params: Params
}
type TypedHook<Params> = (request: TypedRequest<Params>, reply: SessionFastifyReply, done: () => void) => void
type RouteHook<Hook extends (...args: never) => unknown> = (...args: Parameters<Hook>) => unknown
interface TypedApp {
  get<Params = unknown>(
    path: string,
    options: { onRequest: RouteHook<TypedHook<Params>> | RouteHook<TypedHook<Params>>[] },
    handler: (request: TypedRequest<Params>) => unknown,
  ): void
}

// The hook on a server that calls it as Fastify does; the packed tests have Fastify itself.

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})
let server: Server | undefined
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  if (server) await once(server, 'close')
  server = undefined
})

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function listen(
  options: object = {},
  rewriteUrl = (url: string) => url,
  prepare: (response: ServerResponse) => object = () => ({}),
): Promise<string> {
  const hook = requireSession({ ...accepting, ...options })
  const listener = async (raw: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = { raw, originalUrl: raw.url ?? '' }
    raw.url = rewriteUrl(request.originalUrl)
    const reply = {
      raw: response,
      code: (status: number) => {
        response.statusCode = status
      },
      headers: (values: Record<string, string>) => {
        for (const [name, value] of Object.entries(values)) response.setHeader(name, value)
      },
      send: (body: string) => response.writeHead(response.statusCode).end(body),
      ...prepare(response),
    }
    const answered = await hook(request, reply)
    if (answered !== undefined) return
    const { account, url } = callerOf(request)
    const said = { account, url, at: raw.url, host: raw.headers.host, body: await bodyOf(raw) }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  }
  server = createServer((request, response) => void listener(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Sends a request that is signed for the API's authority to the server's real address. */
const send = async (origin: string, request: Request): Promise<Response> => {
  const { pathname, search } = new URL(request.url)
  return fetch(new URL(pathname + search, origin), {
    method: request.method,
    headers: request.headers,
    body: await request.text(),
  })
}

describe('Fastify behind requireSession', () => {
  it('passes the caller, leaves the body to its parser, and marks the response as private', async () => {
    const response = await send(await listen(), await signer.sign(post('ü')))
    expect(response.headers.get('vary')).toBe('Authorization')
    expect(response.headers.get('cache-control')).toBe('private, no-store')
    expect(await response.json()).toMatchObject({ account: ACCOUNT_A, host: 'api.example.com', body: 'ü' })
  })

  it('verifies the received URL, before rewriteUrl', async () => {
    const origin = await listen({}, (url) => url.replace('/notes', '/v2/notes'))
    const response = await send(origin, await signer.sign(post()))
    expect(await response.json()).toMatchObject({
      url: 'https://api.example.com/notes?page=1',
      at: '/v2/notes?page=1',
    })
  })

  it('refuses an unsigned or changed request before any handler runs', async () => {
    const origin = await listen({ debug: false })
    const response = await send(origin, post())
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('CACAO error="ERR_REQUEST_UNSIGNED"')
    expect(await response.json()).toEqual({ code: 'ERR_REQUEST_UNSIGNED' })
    const signed = await signer.sign(post('one'))
    const changed = new Request(signed.url, { method: 'POST', headers: signed.headers, body: 'two' })
    expect(await (await send(origin, changed)).json()).toEqual({ code: 'ERR_REQUEST_DIGEST' })
  })

  it.each([
    ['with getHeader, as in Fastify', true, 'X-Total, ', 'Origin, '],
    ['without getHeader', false, '', ''],
  ])('adds the headers of a refusal to those of cors(): %s', async (_, has, before, varied) => {
    const origin = await listen({ debug: false }, undefined, (response) => {
      response.setHeader('access-control-expose-headers', 'X-Total')
      response.setHeader('vary', 'Origin')
      return has ? { getHeader: (name: string) => response.getHeader(name) } : {}
    })
    const { headers } = await fetch(origin)
    expect(headers.get('access-control-expose-headers')).toBe(
      `${before}Date, WWW-Authenticate, Cacao-Received-Method`,
    )
    expect(headers.get('vary')).toBe(`${varied}Authorization`)
  })

  it('throws from callerOf for a request that the hook did not admit', async () => {
    expect(await failureOf(async () => callerOf({}))).toMatchObject({
      message: expect.stringContaining('onRequest'),
    })
  })

  it('is a hook of one route for TypeScript too, made where it is passed', () => {
    const hooks: unknown[] = []
    const app: TypedApp = { get: (_, { onRequest }) => void hooks.push(onRequest) }
    app.get('/notes', { onRequest: requireSession(accepting) }, (request) => callerOf(request).account)
    app.get('/notes', { onRequest: [requireSession(accepting)] }, (request) => request.params)
    app.get<{ id: string }>('/notes/:id', { onRequest: requireSession(accepting) }, ({ params }) => params.id)
    // @ts-expect-error: no hook of Fastify gets a text.
    app.get('/notes', { onRequest: (request: string) => void request }, () => undefined)
    expect(hooks).toHaveLength(4)
  })

  it('does not start with wrong options', async () => {
    expect(await failureOf(async () => requireSession({ ...accepting, domains: [] }))).toMatchObject({
      name: 'TypeError',
    })
  })
})
