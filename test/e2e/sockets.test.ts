import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createAdaptorServer, upgradeWebSocket } from '@hono/node-server'
import { Hono } from 'hono'
import { createClient } from 'redis'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type WebSocket as Socket, WebSocketServer } from 'ws'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation, type RevocationStore } from '../../src/http/revocation.js'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import type { NodeRedisSubscriber } from '../../src/server/redis-channel.js'
import type { NodeRedisClient } from '../../src/server/redis-client.js'
import { redisRevocation } from '../../src/server/redis-stores.js'
import { untilSessionEnds } from '../../src/token/until-session-ends.js'
import { tokenVerifier, type VerifiedToken } from '../../src/token/verify-token.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { type Browser, openBrowser } from './browser.js'
import { type BundledFile, bundlePage } from './bundle.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'

// What a browser loads and opens without a signature, from real servers: sockets with a token, and signed URLs in images, event
// streams and downloads. Copies are worthless after their expiry, or elsewhere.

const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
const AUDIENCE = 'wss://api.example.com/live'
const ACCOUNT = /^eip155:1:0x[0-9a-f]{40}$/
// An image of one pixel.
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')
const FILE = Buffer.alloc(50 * 1024 * 1024, 'cacao beans ')
const DIGEST = createHash('sha256').update(FILE).digest('hex')

interface App {
  readonly origin: string
  /** The URL of the Hono server. */
  readonly hono: string
  /** The codes of refusals. */
  readonly log: string[]
  /** The accounts whose sockets it opened. */
  readonly callers: VerifiedToken[]
  readonly revocation: RevocationStore
  /** Sets the servers' clock ahead by so many seconds. */
  ahead(secs: number): void
  close(): void
}

let files: ReadonlyMap<string, BundledFile>
beforeAll(async () => {
  files = await bundlePage('sockets.ts')
})

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `localhost:${(server.address() as AddressInfo).port}`
}

/** A site with all of these, on Node's own server with `ws`, and on Hono. */
async function startApp(revocationAt: (now: () => number) => RevocationStore): Promise<App> {
  let aheadMs = 0
  const now = (): number => Date.now() + aheadMs
  const revocation = revocationAt(now)
  const log: string[] = []
  const callers: VerifiedToken[] = []
  const hosts: string[] = []
  const accepting = {
    verifiers: ethereumVerifiers(),
    domains: (domain: string) => hosts.includes(domain),
    revocation,
    now,
  }
  const verifier = tokenVerifier({
    ...accepting,
    audience: AUDIENCE,
    resources: () => [`http://${hosts[0]}/live`],
    replay: memoryReplay({ now }),
  })
  const verify = async (token: unknown): Promise<VerifiedToken> =>
    verifier(token).catch((error) => {
      log.push(error.code)
      throw error
    })
  // Ends the socket with the session. Redis or the memory store emits the revocation, because the next poll is an hour away.
  const serveSession = (
    socket: Pick<Socket, 'send' | 'close'>,
    caller: VerifiedToken,
    closed: AbortSignal,
  ): void => {
    callers.push(caller)
    socket.send(`${caller.account} in the ${String(caller.claims['room'])}`)
    const ended = untilSessionEnds(caller, { revocation, signal: closed, pollSecs: 3600, now })
    ended.addEventListener('abort', () => socket.close(4401, ended.reason.code))
  }

  const api = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/api/dot.gif') return void response.setHeader('content-type', 'image/gif').end(GIF)
    if (pathname === '/api/file') return void sendFile(request, response)
    if (pathname === '/api/sign-out')
      return void revocation.revoke(callerOf(request).cacao).then(() => response.writeHead(204).end())
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`retry: 10\ndata: ${callerOf(request).account} ${request.url}\n\n`)
    const closed = new AbortController()
    response.on('close', () => closed.abort())
    untilSessionEnds(callerOf(request), { revocation, signal: closed.signal, now }).addEventListener(
      'abort',
      () => response.end(),
    )
  }
  let guard: ReturnType<typeof requireSession>
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const file = files.get(path)
    if (file !== undefined) response.setHeader('content-type', 'text/javascript').end(file)
    else if (!path.startsWith('/api/')) response.setHeader('content-type', 'text/html').end(PAGE)
    else guard(request, response, () => api(request, response))
  })
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => (protocols.has('notes.v1') ? 'notes.v1' : false),
  })
  const whenClosed = (socket: Socket): AbortSignal => {
    const closed = new AbortController()
    socket.on('close', () => closed.abort())
    return closed.signal
  }
  server.on('upgrade', async (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (request.url === '/first')
      return void sockets.handleUpgrade(request, stream, head, (socket) => {
        socket.on('message', (data) => {
          verify(data.toString()).then(
            (caller) => serveSession(socket, caller, whenClosed(socket)),
            (error) => socket.close(4401, error.code),
          )
        })
      })
    const [, token] = (request.headers['sec-websocket-protocol'] ?? '').split(/, */)
    const caller = await verify(token).catch(() => undefined)
    if (!caller) return void stream.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n')
    return void sockets.handleUpgrade(request, stream, head, (socket) =>
      serveSession(socket, caller, whenClosed(socket)),
    )
  })

  const hono = new Hono<{ Variables: { caller: VerifiedToken } }>()
  hono.get(
    '/live',
    async (c, next) => {
      const [, token] = (c.req.header('sec-websocket-protocol') ?? '').split(/, */)
      const caller = await verify(token).catch(() => undefined)
      if (!caller) return c.body(null, 401)
      c.set('caller', caller)
      return next()
    },
    upgradeWebSocket((c) => {
      const closed = new AbortController()
      return {
        onOpen: (_, socket) => serveSession(socket, c.get('caller'), closed.signal),
        onClose: () => closed.abort(),
      }
    }),
  )
  const honoServer = createAdaptorServer({
    fetch: hono.fetch,
    websocket: { server: new WebSocketServer({ noServer: true }) },
  }) as Server

  hosts.push(await listen(server))
  const honoHost = await listen(honoServer)
  guard = requireSession({
    ...accepting,
    authority: hosts,
    resources: [`http://${hosts[0]}/api/*`],
    signedURLs: true,
    onRefused: ({ code }) => void log.push(code),
  })
  return {
    origin: `http://${hosts[0]}`,
    hono: `ws://${honoHost}/live`,
    log,
    callers,
    revocation,
    ahead(secs) {
      aheadMs = secs * 1000
    },
    close() {
      for (const each of [server, honoServer]) {
        each.closeAllConnections()
        each.close()
      }
    },
  }
}

function sendFile({ headers, method }: IncomingMessage, response: ServerResponse): void {
  const [, first] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? []
  const part = FILE.subarray(Number(first ?? 0))
  response.writeHead(first === undefined ? 200 : 206, {
    'accept-ranges': 'bytes',
    'content-length': part.length,
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="beans.bin"',
    ...(first !== undefined && { 'content-range': `bytes ${first}-${FILE.length - 1}/${FILE.length}` }),
  })
  response.end(method === 'HEAD' ? undefined : part)
}

const AFTER_SECS = 400

describeEngines('sockets and signed URLs', (engine) => {
  let app: App
  let browser: Browser
  let page: Page
  let account: string
  beforeAll(async () => {
    app = await startApp((now) => memoryRevocation({ now }))
    browser = await openBrowser(engine)
    page = browser.page
  })
  afterAll(async () => {
    await browser?.close()
    app?.close()
  })
  beforeEach(async () => {
    app.ahead(0)
    await page.goto(`${app.origin}/`)
    await page.waitFor(() => 'socketsPage' in globalThis)
    account = await page.evaluate((origin) => globalThis.socketsPage.signIn(origin), app.origin)
    expect(account).toMatch(ACCOUNT)
    app.log.length = 0
  })

  const token = (audience = AUDIENCE): Promise<string> =>
    page.evaluate((name) => globalThis.socketsPage.token(name), audience)
  const open = (url: string, protocols: string[], first?: string): Promise<string> =>
    page.evaluate((...args) => globalThis.socketsPage.open(...args), url, protocols, first)
  const sign = (path: string): Promise<string> =>
    page.evaluate((url) => globalThis.socketsPage.sign(url), path)
  const image = (url: string): Promise<string> =>
    page.evaluate((link) => globalThis.socketsPage.image(link), url)
  const stream = (url: string): Promise<string> =>
    page.evaluate((link) => globalThis.socketsPage.listen(link), url)
  const status = (url: string, init: RequestInit = {}): Promise<number> =>
    page.evaluate((...args) => globalThis.socketsPage.status(...args), url, init)
  const changed = (url: string): [string, string][] => [
    ['ERR_REQUEST_SIGNATURE', url.replace('size=1', 'size=2')],
    ['ERR_REQUEST_SIGNATURE', url.replace('/api/', '/api//')],
    ['ERR_REQUEST_SIGNATURE', `${url}&more=1`],
    ['ERR_REQUEST_UNSIGNED', url.replace(/.cacao-signature=.*/, '')],
  ]

  it.each([
    ['ws', () => `ws://${new URL(app.origin).host}/live`],
    ["Hono's upgrade", () => app.hono],
  ])('open a socket of %s with a token as its subprotocol', async (_, address) => {
    const url = address()
    const copied = await token()
    expect(await open(url, ['notes.v1', copied])).toBe(`notes.v1: ${account} in the kitchen`)
    for (const protocols of [
      ['notes.v1', copied],
      ['notes.v1', await token('wss://other.example.com/live')],
      ['notes.v1'],
    ])
      expect(await open(url, protocols)).toBe('closed 1006')
    const late = await token()
    app.ahead(AFTER_SECS)
    expect(await open(url, ['notes.v1', late])).toBe('closed 1006')
    expect(app.log).toEqual([
      'ERR_REQUEST_REPLAYED',
      'ERR_JWS_INVALID',
      'ERR_JWS_INVALID',
      'ERR_REQUEST_STALE',
    ])
  })

  it('open a socket with a token as its first message', async () => {
    const url = `ws://${new URL(app.origin).host}/first`
    const copied = await token()
    expect(await open(url, ['notes.v1'], copied)).toBe(`notes.v1: ${account} in the kitchen`)
    expect(await open(url, ['notes.v1'], copied)).toBe('closed 4401 ERR_REQUEST_REPLAYED')
    expect(await open(url, ['notes.v1'], 'hello')).toBe('closed 4401 ERR_JWS_INVALID')
  })

  it('show an image until its URL expires', async () => {
    const url = await sign('/api/dot.gif?size=1')
    expect(await image(url)).toBe('1')
    for (const [code, other] of changed(url)) {
      expect(await image(other)).toBe('refused')
      expect(app.log).toEqual([code])
      app.log.length = 0
    }
    // A document caches an image that it has already shown.
    const copied = await sign('/api/dot.gif?size=1')
    app.ahead(AFTER_SECS)
    expect(await image(copied)).toBe('refused')
    expect(app.log).toEqual(['ERR_REQUEST_STALE'])
  })

  it('receive events until their URL expires', async () => {
    const url = await sign('/api/events?size=1')
    expect(await stream(url)).toBe(`${account} /api/events?size=1`)
    for (const [code, other] of changed(url)) {
      expect(await stream(other)).toBe('refused')
      expect(app.log).toEqual([code])
      app.log.length = 0
    }
    app.ahead(AFTER_SECS)
    expect(await stream(url)).toBe('refused')
    expect(app.log).toEqual(['ERR_REQUEST_STALE'])
  })

  it('download 50 MB, and resume after the connection ended', async () => {
    const url = await sign('/api/file?size=1')
    expect(await status(url, { method: 'HEAD' })).toBe(200)
    const whole = await page.evaluate((link) => globalThis.socketsPage.resume(link, 5_000_000), url)
    expect(whole).toEqual({ status: 206, length: FILE.length, digest: DIGEST })
    expect(app.log).toEqual([])
    for (const method of ['POST', 'PUT', 'DELETE']) expect(await status(url, { method })).toBe(401)
    expect(await status(url.replace('size=1', 'size=2'))).toBe(401)
    app.ahead(AFTER_SECS)
    expect(await status(url, { headers: { range: 'bytes=100-' } })).toBe(401)
    expect(app.log).toEqual([...Array(4).fill('ERR_REQUEST_SIGNATURE'), 'ERR_REQUEST_STALE'])
  })

  it('end with the session', async () => {
    await stream(await sign('/api/events?size=1'))
    await open(`ws://${new URL(app.origin).host}/live`, ['notes.v1', await token()])
    await page.evaluate(() => globalThis.socketsPage.revoke('/api/sign-out'))
    // The browser requests the stream again, and is refused.
    await page.waitFor(() => globalThis.socketsPage.happened.length === 2)
    expect((await page.evaluate(() => globalThis.socketsPage.happened)).sort()).toEqual([
      '4401 ERR_CAPABILITY_REVOKED',
      'stream refused',
    ])
  })

  describeRedis('of two servers on one Redis', () => {
    let redis: RedisServer
    let apps: App[]
    const clients: { destroy(): void }[] = []
    const connected = async (): Promise<unknown> => {
      const client = createClient({ url: redis.url })
      clients.push(client)
      return client.connect()
    }
    beforeAll(async () => {
      redis = await startRedis()
      const stores: { client: NodeRedisClient; subscriber: NodeRedisSubscriber }[] = []
      for (const _ of [1, 2]) {
        const [client, subscriber] = [await connected(), await connected()]
        stores.push({ client: client as NodeRedisClient, subscriber: subscriber as NodeRedisSubscriber })
      }
      apps = await Promise.all(
        stores.map(({ client, subscriber }) =>
          startApp((now) => redisRevocation(client, { subscriber, now })),
        ),
      )
    })
    afterAll(async () => {
      for (const each of apps ?? []) each.close()
      for (const client of clients) client.destroy()
      await redis?.stop()
    })

    it('close the sockets of one server when the session is revoked on the other', async () => {
      const [one, two] = apps as [App, App]
      await page.goto(`${one.origin}/`)
      await page.waitFor(() => 'socketsPage' in globalThis)
      await page.evaluate((origin) => globalThis.socketsPage.signIn(origin), one.origin)
      for (const url of [`ws://${new URL(one.origin).host}/live`, one.hono])
        expect(await open(url, ['notes.v1', await token()])).toContain('in the kitchen')
      await two.revocation.revoke(one.callers[0]?.cacao)
      await page.waitFor(() => globalThis.socketsPage.happened.length === 2)
      expect(await page.evaluate(() => globalThis.socketsPage.happened)).toEqual([
        '4401 ERR_CAPABILITY_REVOKED',
        '4401 ERR_CAPABILITY_REVOKED',
      ])
    })
  })
})
