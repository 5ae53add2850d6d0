import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { sessionCookie } from '../../src/cookie/index.js'
import { requireSession } from '../../src/middleware/express.js'
import { requireSession as fastifySession } from '../../src/middleware/fastify.js'
import { closeAll, listening } from '../http/hostile-servers.js'
import { opened, readAll } from '../http/raw-socket.js'
import { accepting } from '../setup/request-signer.js'

// A request without a signature is refused before its body has arrived.

const express = requireSession({ ...accepting })
const fastify = fastifySession({ ...accepting })
const pages = sessionCookie({ ...accepting, secret: crypto.getRandomValues(new Uint8Array(32)) })
const LISTENERS: readonly [string, RequestListener][] = [
  ['Express', (request, response) => express(request, response, () => response.end('accepted'))],
  [
    'Fastify',
    (raw, response) => {
      const reply = {
        raw: response,
        code: (status: number) => {
          response.statusCode = status
        },
        headers: () => undefined,
        send: (body: string) => response.end(body),
      }
      void fastify({ raw, originalUrl: raw.url ?? '' }, reply)
    },
  ],
  ["the cookie's handler", (request, response) => pages.nodeHandler(request, response)],
]

const BODY_BYTES = 4_000_000
const body = Buffer.alloc(BODY_BYTES, 'x')
const head = (more = ''): Buffer =>
  Buffer.from(`POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: ${BODY_BYTES}\r\n${more}\r\n`)
const REFUSED = /^HTTP\/1\.1 401 .*"ERR_REQUEST_UNSIGNED"/s

describe.each(LISTENERS)('%s', (_, listener) => {
  afterEach(() => vi.useRealTimers())
  afterAll(closeAll)
  const open = async (bytes: Buffer) => opened(await listening(createServer(listener)), bytes)

  it('answers at once, and reads the next request after the rest of the body', async () => {
    const socket = await open(head())
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(REFUSED)
    const next = 'POST / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n'
    socket.write(Buffer.concat([body, Buffer.from(next)]))
    expect(await readAll(socket)).toMatch(REFUSED)
  })

  it('does not close the connection of a client that sends', async () => {
    const socket = await open(head('Connection: close\r\n'))
    const failed = vi.fn()
    socket.on('error', failed)
    // Later than an answer that doesn't wait.
    socket.write(body.subarray(1), () => setImmediate(() => socket.write('x')))
    expect(await readAll(socket)).toMatch(REFUSED)
    expect(failed).not.toHaveBeenCalled()
  })

  it.each([
    ['that keeps its connection', ''],
    ['that wants it closed', 'Connection: close\r\n'],
  ])('cuts off a client %s and sends no body for five seconds', async (__, header) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const socket = await open(head(header))
    const answer = readAll(socket)
    await vi.waitUntil(() => vi.getTimerCount() > 0)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await answer).toMatch(REFUSED)
  })

  it('survives a client that goes away', async () => {
    const port = await listening(createServer(listener))
    for (const header of ['', 'Connection: close\r\n']) {
      const socket = await opened(port, head(header))
      socket.resetAndDestroy()
      await once(socket, 'close')
    }
    const socket = await opened(port, Buffer.concat([head('Connection: close\r\n'), body]))
    expect(await readAll(socket)).toMatch(REFUSED)
  })
})
