import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const domain = 'app.example.com'

/** The requests that a server has received, in order. */
interface Received {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const closing: Server[] = []
afterEach(async () => {
  for (const server of closing.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A server on its own port. */
async function listening(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      received.push({ line: `${request.method} ${request.url}`, headers: request.headers, body })
      answer(request, response, body)
    })
  })
  closing.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

/** An API that redirects requests to /<status>/… without verifying them, and verifies all others. */
async function api(
  target: (path: string) => string,
): Promise<{ url: string; received: Received[]; callers: string[] }> {
  const callers: string[] = []
  let own = ''
  const received: Received[] = []
  const server = createServer((request, response) => {
    received.push({ line: `${request.method} ${request.url}`, headers: request.headers, body: '' })
    const [, status = ''] = /^\/(3\d\d)\//.exec(request.url ?? '') ?? []
    if (status) {
      response.writeHead(Number(status), { location: target(request.url ?? '') }).end('moved')
      return
    }
    const guard = requireSession({
      verifiers: ethereumVerifiers(),
      authority: new URL(own).host,
      domains: [domain],
      resources: [`${own}/*`],
    })
    guard(request, response, () => {
      callers.push(callerOf(request).account)
      const chunks: Uint8Array[] = []
      request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
      request.on('end', () => response.end(`${request.method} ${Buffer.concat(chunks)}`))
    })
  })
  closing.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url: own, received, callers }
}

const sessionFor = (url: string): Promise<DIDSession> =>
  DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain }), { resources: [`${url}/*`] })

describe('a redirect within the origin', () => {
  const methods: readonly (readonly [status: number, method: string, then: string])[] = [
    [301, 'GET', 'GET '],
    [301, 'POST', 'GET '],
    [301, 'PUT', 'PUT beans'],
    [302, 'GET', 'GET '],
    [302, 'POST', 'GET '],
    [303, 'POST', 'GET '],
    [303, 'PUT', 'GET '],
    [303, 'GET', 'GET '],
    [307, 'GET', 'GET '],
    [307, 'POST', 'POST beans'],
    [308, 'POST', 'POST beans'],
    [308, 'DELETE', 'DELETE '],
  ]
  it.each(methods)('%i of a %s is followed with a new signature', async (status, method, then) => {
    const { url, callers, received } = await api(() => '/notes/2?a=1')
    const session = await sessionFor(url)
    const hasBody = method === 'POST' || method === 'PUT'
    const response = await session.fetch(`${url}/${status}/notes`, {
      method,
      ...(hasBody && { body: 'beans' }),
    })
    expect([response.status, response.url, await response.text()]).toEqual([200, `${url}/notes/2?a=1`, then])
    expect(callers).toEqual([ACCOUNT_A])
    expect(received).toHaveLength(2)
    // A request whose body isn't sent again has no content type.
    expect(received[1]?.headers['content-type'] === undefined).toBe(!then.includes('beans'))
  })

  it('is followed five times, and not a sixth time', async () => {
    const { url, received } = await api((path) => {
      const left = Number(path.split('/')[2])
      return left > 1 ? `/307/${left - 1}` : '/notes/1'
    })
    const session = await sessionFor(url)
    expect((await session.fetch(`${url}/307/5`)).status).toBe(200)
    expect(received).toHaveLength(6)
    const error = await failureOf(() => session.fetch(`${url}/307/6`))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('more than 5 times')
    expect(received).toHaveLength(12)
  })

  it('is not followed if the redirect option says so', async () => {
    const { url, received } = await api(() => '/notes/1')
    const session = await sessionFor(url)
    expect((await session.fetch(`${url}/302/x`, { redirect: 'manual' })).status).toBe(302)
    expect(await failureOf(() => session.fetch(`${url}/302/x`, { redirect: 'error' }))).toBeInstanceOf(
      TypeError,
    )
    expect(received).toHaveLength(2)
  })
})

describe('a redirect to another origin', () => {
  it.each([
    'data:text/plain,hello',
    'file:///etc/hostname',
    'blob:https://api.example.com/1',
    'ftp://127.0.0.1/',
  ])('to %s is refused, because only http and https are followed', async (target) => {
    const { url } = await api(() => target)
    const session = await sessionFor(url)
    const error = await failureOf(() => session.fetch(`${url}/302/x`))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('only http and https are followed')
  })

  it.each([302, 307])('%i is followed without the capability', async (status) => {
    const files = await listening((_, response) => void response.end('the file'))
    const { url } = await api(() => `${files.url}/file?key=1`)
    const session = await sessionFor(url)
    const init = { headers: { accept: 'text/plain', cookie: 'a=b' }, method: 'POST', body: 'beans' }
    const response = await session.fetch(`${url}/${status}/file`, init)
    expect([await response.text(), response.url]).toEqual(['the file', `${files.url}/file?key=1`])
    const [got] = files.received
    expect([got?.line, got?.body]).toEqual(
      status === 302 ? ['GET /file?key=1', ''] : ['POST /file?key=1', 'beans'],
    )
    expect(got?.headers.accept).toBe('text/plain')
    for (const name of ['authorization', 'signature', 'signature-input', 'content-digest', 'cookie'])
      expect(got?.headers).not.toHaveProperty(name)
  })

  it('and back is followed without the capability too', async () => {
    let home = ''
    const away = await listening(
      (_, response) => void response.writeHead(302, { location: `${home}/notes/1` }).end(),
    )
    const { url, received } = await api(() => `${away.url}/`)
    home = url
    const session = await sessionFor(url)
    expect((await session.fetch(`${url}/302/x`)).status).toBe(401)
    expect(received.at(-1)?.headers.authorization).toBeUndefined()
  })
})

describe('options that only fetch knows', () => {
  it('are passed to fetch in each call', async () => {
    const { url } = await api(() => '/notes/1')
    const session = await sessionFor(url)
    const dispatched: string[] = []
    // Like undici's agents: any object with a method `dispatch`.
    const before = (globalThis as Record<symbol, unknown>)[Symbol.for('undici.globalDispatcher.1')] as {
      dispatch(options: { path: string }, handler: unknown): boolean
    }
    const dispatcher = {
      dispatch(options: { path: string }, handler: unknown) {
        dispatched.push(options.path)
        return before.dispatch(options, handler)
      },
    }
    const response = await session.fetch(`${url}/307/x`, {
      dispatcher,
      method: 'POST',
      body: 'beans',
    } as RequestInit)
    expect(await response.text()).toBe('POST beans')
    expect(dispatched).toEqual(['/307/x', '/notes/1'])
  })
})
