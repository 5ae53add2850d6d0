import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { connect, createServer as createServer2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { requireSession } from '../../src/middleware/express.js'
import { requireSession as fetchSession } from '../../src/middleware/fetch.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { signURL } from '../../src/token/create-token.js'
import { closeAll, listening } from '../http/hostile-servers.js'
import { accepting, NOW, post, type TestSigner, testSigner, URL_OF_NOTES } from '../setup/request-signer.js'

// A response to a signed request is private, and its headers say so to caches.

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})
afterEach(closeAll)

const marks = ({ headers }: Response): (string | null)[] => [
  headers.get('vary'),
  headers.get('cache-control'),
]
const PRIVATE = 'private, no-store'

/** The ways in which a Node handler responds, and the headers that the client then gets. */
const NODE: readonly (readonly [string, (response: ServerResponse) => unknown, (string | null)[]])[] = [
  ['nothing', (response) => response.end('x'), ['Authorization', PRIVATE]],
  ['a status', (response) => response.writeHead(200, 'Fine').end('x'), ['Authorization', PRIVATE]],
  [
    'a piece of the body',
    (response) => {
      response.write('x')
      response.end()
    },
    ['Authorization', PRIVATE],
  ],
  [
    'another Vary',
    (response) => response.setHeader('Vary', 'Accept').end('x'),
    ['Accept, Authorization', PRIVATE],
  ],
  [
    'another Vary in its head',
    (response) => response.writeHead(200, { vary: 'Accept' }).end('x'),
    ['Accept, Authorization', PRIVATE],
  ],
  [
    'several in a list of names and values',
    (response) => response.writeHead(200, ['Vary', 'Accept', 'X-A', '1']).end('x'),
    ['Accept, Authorization', PRIVATE],
  ],
  [
    'Authorization already',
    (response) => response.setHeader('Vary', ['Accept', 'authorization']).end('x'),
    ['Accept, authorization', PRIVATE],
  ],
  ['that it varies by everything', (response) => response.setHeader('Vary', '*').end('x'), ['*', PRIVATE]],
  [
    'how it may be cached',
    (response) => response.setHeader('Cache-Control', 'private, max-age=60').end('x'),
    ['Authorization', 'private, max-age=60'],
  ],
  [
    'how it may be cached, in its head',
    (response) => response.writeHead(200, { 'Cache-Control': 'max-age=60' }).end('x'),
    ['Authorization', 'max-age=60'],
  ],
]

describe.each(NODE)('a Node handler that sets %s', (_, answer, expected) => {
  it('sends a response that is private to the caller', async () => {
    const admit = requireSession(accepting)
    const plain: RequestListener = (request, response) =>
      admit(request, response, () => void answer(response))
    const app = express().use(requireSession(accepting), (_request, response) => void answer(response))
    for (const listener of [plain, app]) {
      const port = await listening(createServer(listener))
      const signed = await signer.sign(new Request(URL_OF_NOTES))
      const response = await fetch(`http://127.0.0.1:${port}/notes?page=1`, { headers: signed.headers })
      expect([response.status, await response.text()]).toEqual([200, 'x'])
      expect(marks(response)).toEqual(expected)
    }
  })
})

// As with a plain `writeHead`: https://nodejs.org/api/http.html#responsewriteheadstatuscode-statusmessage-headers
it.each<[string, (string | string[])[] | string[][]]>([
  ['alternates', ['Set-Cookie', 'a=1', 'set-cookie', 'b=2']],
  [
    'pairs',
    [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ],
  ],
])('writeHead with a list %s keeps all values of a header in different cases', async (_, list) => {
  const admit = requireSession(accepting)
  const port = await listening(
    createServer((request, response) =>
      admit(request, response, () => void response.writeHead(200, list as string[]).end()),
    ),
  )
  const signed = await signer.sign(new Request(URL_OF_NOTES))
  const { headers } = await fetch(`http://127.0.0.1:${port}/notes?page=1`, { headers: signed.headers })
  expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
})

it('a handler over HTTP/2 sends a private response too', async () => {
  const admit = requireSession(accepting)
  const server = createServer2((request, response) =>
    admit(request, response, () => {
      response.setHeader('vary', 'Accept')
      response.end('x')
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const signed = await signer.sign(new Request(URL_OF_NOTES))
  const stream = client.request({
    ':path': '/notes?page=1',
    ':authority': 'api.example.com',
    ...Object.fromEntries(signed.headers),
  })
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
  expect([headers[':status'], headers['vary'], headers['cache-control']]).toEqual([
    200,
    'Accept, Authorization',
    PRIVATE,
  ])
  stream.resume()
  client.close()
  server.close()
  await once(server, 'close')
})

describe('a fetch handler and Hono', () => {
  const ANSWERS: readonly (readonly [string, () => Response, (string | null)[]])[] = [
    ['nothing', () => new Response('x'), ['Authorization', PRIVATE]],
    [
      'another Vary',
      () => new Response('x', { headers: { vary: 'Accept' } }),
      ['Accept, Authorization', PRIVATE],
    ],
    [
      'how it may be cached',
      () => new Response('x', { headers: { 'cache-control': 'max-age=60' } }),
      ['Authorization', 'max-age=60'],
    ],
    // A response whose headers are immutable.
    ['a redirection', () => Response.redirect('https://api.example.com/', 303), ['Authorization', PRIVATE]],
  ]

  it.each(ANSWERS)(
    'that set %s send a response that is private to the caller',
    async (_, answer, expected) => {
      const handle = fetchSession(accepting, answer)
      const app = new Hono().use('*', honoSession(accepting)).all('*', answer)
      for (const response of [
        await handle(await signer.sign(post())),
        await app.fetch(await signer.sign(post())),
      ]) {
        expect(response.status).toBe(answer().status)
        expect(marks(response)).toEqual(expected)
      }
    },
  )

  // As in `app.get('/films/*', () => fetch(storage))`: the headers of a response of `fetch` are immutable.
  const fromStorage = async (headers: Record<string, string>): Promise<Response> => {
    const port = await listening(
      createServer((_, response) => void response.writeHead(200, headers).end('x')),
    )
    return fetch(`http://127.0.0.1:${port}/`)
  }

  it('that forward another server’s response mark it as private, for a signed URL too', async () => {
    const stored = { vary: 'Accept', 'cache-control': 'public, max-age=60', 'referrer-policy': 'unsafe-url' }
    const options = { ...accepting, signedURLs: true }
    const url = await signURL(signer, URL_OF_NOTES, {}, () => NOW)
    const answer = (): Promise<Response> => fromStorage(stored)
    const handle = fetchSession(options, answer)
    const app = new Hono().use('*', honoSession(options)).all('*', answer)
    for (const signed of [false, true])
      for (const respond of [handle, app.fetch]) {
        const response = await respond(signed ? new Request(url) : await signer.sign(post()))
        expect([...marks(response), response.headers.get('referrer-policy')]).toEqual(
          signed
            ? ['Accept, Authorization', PRIVATE, 'no-referrer']
            : ['Accept, Authorization', 'public, max-age=60', 'unsafe-url'],
        )
        expect(await response.text()).toBe('x')
      }
  })

  // As with the upgrade to a WebSocket in Deno, whose response can't be copied.
  it('that switch protocols forward that response', async () => {
    const switching = Object.defineProperty(new Response(null), 'status', { value: 101 })
    const app = new Hono().use('*', honoSession(accepting)).all('*', () => switching)
    for (const respond of [fetchSession(accepting, () => switching), app.fetch])
      expect((await respond(await signer.sign(post()))).status).toBe(101)
  })

  it('that refuse a request mark the refusal as uncacheable', async () => {
    const port = await listening(
      createServer((request, response) => requireSession(accepting)(request, response, () => undefined)),
    )
    for (const response of [
      await fetchSession(accepting, () => new Response())(post()),
      await new Hono().use('*', honoSession(accepting)).fetch(post()),
      await fetch(`http://127.0.0.1:${port}/`),
    ])
      expect([response.status, ...marks(response)]).toEqual([401, 'Authorization', 'no-store'])
  })
})
