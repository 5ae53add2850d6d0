import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { callerOf, type NodeRequest, requireSession } from '../../src/middleware/express.js'
import type { RequireSessionOptions } from '../../src/middleware/guard.js'
import { failureOf } from '../setup/expect-code.js'
import { accepting, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

let server: Server | undefined
afterEach(async () => {
  vi.restoreAllMocks()
  server?.closeAllConnections()
  server?.close()
  if (server) await once(server, 'close')
  server = undefined
})

/** Starts a server with the app that `make` creates for its address, and returns the address. */
async function listen(
  make: (options: RequireSessionOptions<NodeRequest>) => RequestListener,
): Promise<string> {
  const listening = createServer()
  server = listening
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const authority = `localhost:${(listening.address() as AddressInfo).port}`
  listening.on('request', make({ ...accepting, authority }))
  return `http://${authority}`
}
const send = async (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(await signer.sign(new Request(url, init)))
const JSON_TYPE = { 'content-type': 'application/json' }

describe('Express behind requireSession', () => {
  const app = (options: RequireSessionOptions<NodeRequest>): RequestListener =>
    express()
      .use('/api', requireSession(options), express.json())
      .get('/api/me', (request, response) => void response.json(callerOf(request)))
      .post('/api/notes', (request, response) => void response.json(request.body ?? null))
      .get('/open', (request, response) => void response.json(callerOf(request)))

  it('passes the caller and the URL that the client requested', async () => {
    const origin = await listen(app)
    const response = await send(`${origin}/api/me?a=1&a=2`)
    expect(await response.json()).toMatchObject({ account: ACCOUNT_A, keyDID: signer.key.did })
  })

  it.each([
    ['nothing', undefined, ''],
    ['a header', 'X-Total', 'X-Total, '],
    ['a list of headers', ['X-Total', 'X-Page'], 'X-Total, X-Page, '],
    // Only a name for a page that sends cookies.
    ['a star', '*', '*, '],
  ])(
    'exposes the headers of a refusal in addition to what cors() exposed: %s',
    async (_, exposed, before) => {
      const origin = await listen((options) =>
        express()
          .use((__, response, next) => {
            if (exposed) response.setHeader('access-control-expose-headers', exposed)
            next()
          })
          .use(requireSession({ ...options, debug: false })),
      )
      const { headers } = await fetch(origin)
      expect(headers.get('access-control-expose-headers')).toBe(
        `${before}Date, WWW-Authenticate, Cacao-Received-Method`,
      )
    },
  )

  it.each([
    ['nothing', undefined, 'Authorization'],
    ['an origin', 'Origin', 'Origin, Authorization'],
    ['a list', ['Origin', 'Accept'], 'Origin, Accept, Authorization'],
    ['the same header', 'authorization, Origin', 'authorization, Origin'],
    ['everything', '*', '*'],
  ])('says what a refusal varies by in addition to what cors() said: %s', async (_, before, vary) => {
    const origin = await listen((options) =>
      express()
        .use((__, response, next) => {
          if (before) response.setHeader('vary', before)
          next()
        })
        .use(requireSession({ ...options, debug: false })),
    )
    expect((await fetch(origin)).headers.get('vary')).toBe(vary)
  })

  it.each([
    ['small', '{"note":"ü"}'],
    ['large', JSON.stringify({ note: 'x'.repeat(90_000) })],
  ])('leaves a %s body to its parser', async (_, body) => {
    const origin = await listen(app)
    const response = await send(`${origin}/api/notes`, { method: 'POST', headers: JSON_TYPE, body })
    expect(await response.text()).toBe(body)
  })

  it('accepts a request without a body, and with an empty one', async () => {
    const origin = await listen(app)
    for (const init of [{ method: 'POST' }, { method: 'POST', body: '' }])
      expect(await (await send(`${origin}/api/notes`, init)).json()).toBe(null)
  })

  it('answers an unsigned request with 401 and its error code', async () => {
    const origin = await listen(app)
    const response = await fetch(`${origin}/api/me`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('CACAO error="ERR_REQUEST_UNSIGNED"')
    expect(await response.json()).toEqual({ code: 'ERR_REQUEST_UNSIGNED' })
  })

  it('logs the path that the client requested, not the path inside the mount', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const origin = await listen(app)
    await fetch(`${origin}/api/me?secret=1`)
    expect(warn.mock.calls.map(([line]) => String(line))).toEqual([
      expect.stringContaining('cacao-session refused GET /api/me: ERR_REQUEST_UNSIGNED'),
    ])
  })

  it('throws from callerOf if requireSession was left out', async () => {
    const origin = await listen(app)
    expect((await send(`${origin}/open`)).status).toBe(500)
    expect(String(await failureOf(() => callerOf({})))).toContain('requireSession')
  })

  it('reports an error if a body parser ran before requireSession', async () => {
    const errors: unknown[] = []
    const origin = await listen((options) =>
      express()
        .use(express.json())
        .use(requireSession(options))
        .use((error: unknown, _: unknown, response: express.Response, __: unknown) => {
          errors.push(error)
          response.sendStatus(500)
        }),
    )
    const response = await send(origin, { method: 'POST', headers: JSON_TYPE, body: '{}' })
    expect(response.status).toBe(500)
    expect(errors[0]).toBeInstanceOf(TypeError)
    expect(String(errors[0])).toContain('put requireSession before')
  })
})

describe('plain node:http behind requireSession', () => {
  it('can still read the body', async () => {
    const origin = await listen((options) => {
      const admit = requireSession(options)
      return (request, response) =>
        admit(request, response, async (error) => {
          const parts: Buffer[] = []
          for await (const part of request) parts.push(part)
          response.end(
            error === undefined ? `${callerOf(request).account} ${Buffer.concat(parts)}` : String(error),
          )
        })
    })
    const body = 'x'.repeat(300_000)
    expect(await (await send(origin, { method: 'PUT', body })).text()).toBe(`${ACCOUNT_A} ${body}`)
    expect(await (await send(origin)).text()).toBe(`${ACCOUNT_A} `)
  })

  it('accepts a chunked body of unknown length', async () => {
    const origin = await listen((options) => {
      const admit = requireSession(options)
      return (request, response) => admit(request, response, () => request.pipe(response))
    })
    const chunks = (...parts: string[]): Promise<Response> => {
      const body = new ReadableStream({
        start(controller) {
          for (const part of parts) controller.enqueue(new TextEncoder().encode(part))
          controller.close()
        },
      })
      return send(origin, { method: 'POST', body, duplex: 'half' } as RequestInit)
    }
    expect(await (await chunks('Buy ', 'cacao ', 'beans')).text()).toBe('Buy cacao beans')
    expect(await (await chunks()).text()).toBe('')
  })
})
