import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { type Browser, openBrowser } from './browser.js'
import { type BundledFile, bundlePage } from './bundle.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'

// Signed requests in browsers: redirected, with a wrong clock, to another origin, and while the page is left.

const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
const LAN = Object.values(networkInterfaces())
  .flat()
  .find((address) => address && address.family === 'IPv4' && !address.internal)?.address

interface Received {
  readonly line: string
  readonly headers: IncomingMessage['headers']
}

let files: ReadonlyMap<string, BundledFile>
let api: { server: Server; origin: string; port: number }
let other: { server: Server; origin: string; port: number }
let received: Received[] = []
let elsewhere: Received[] = []
let bodies: string[] = []

async function start(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<typeof api> {
  const server = createServer(answer).listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, origin: `http://localhost:${port}`, port }
}

beforeAll(async () => {
  files = await bundlePage('requests.ts')
  const guards = new Map<string, ReturnType<typeof requireSession>>()
  const cors = (request: IncomingMessage, response: ServerResponse): boolean => {
    const { origin, 'access-control-request-headers': names } = request.headers
    if (origin) response.setHeader('access-control-allow-origin', origin)
    if (names) response.setHeader('access-control-allow-headers', names)
    response.setHeader('access-control-allow-methods', 'GET, POST, PUT')
    if (request.method !== 'OPTIONS') return false
    response.end()
    return true
  }
  const serve =
    (list: () => Received[], pages: boolean) => (request: IncomingMessage, response: ServerResponse) => {
      const { host = '' } = request.headers
      const { pathname, searchParams } = new URL(request.url ?? '/', `http://${host}`)
      if (cors(request, response)) return
      const file = pages ? files.get(pathname) : undefined
      if (file !== undefined) return void response.setHeader('content-type', 'text/javascript').end(file)
      if (pathname === '/') return void response.setHeader('content-type', 'text/html').end(PAGE)
      list().push({ line: `${request.method} ${pathname}`, headers: request.headers })
      const [, status = ''] = /^\/(3\d\d)\b/.exec(pathname) ?? []
      if (status)
        return void response
          .writeHead(Number(status), { location: searchParams.get('to') ?? '/notes/2' })
          .end()
      const guard =
        guards.get(host) ??
        requireSession({
          verifiers: ethereumVerifiers(),
          authority: host,
          domains: () => true,
          resources: [`http://${host}/*`],
          debug: false,
        })
      guards.set(host, guard)
      guard(request, response, () => {
        const chunks: Uint8Array[] = []
        request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
        request.on('end', () => {
          const body = Buffer.concat(chunks).toString()
          bodies.push(body)
          response.end(`${callerOf(request).account.slice(0, 6)} ${request.method} ${body}`)
        })
      })
    }
  api = await start(serve(() => received, true))
  other = await start(serve(() => elsewhere, false))
})
afterAll(() => {
  for (const { server } of [api, other]) {
    server.closeAllConnections()
    server.close()
  }
})
beforeEach(() => {
  received = []
  elsewhere = []
  bodies = []
})

describeEngines('session.fetch', (engine) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await openBrowser(engine)
  })
  afterAll(() => browser.close())
  const opened = async (origins: string[], secs = 0): Promise<void> => {
    await page.waitFor(() => 'requestsPage' in globalThis)
    await page.evaluate(
      (list, wrong) => globalThis.requestsPage.open(list, wrong),
      origins.map((origin) => `${origin}/*`),
      secs,
    )
  }
  beforeEach(async () => {
    page = browser.page
    await page.goto(`${api.origin}/`)
  })
  const send = (url: string, init: RequestInit = {}): Promise<unknown> =>
    page.evaluate((...args) => globalThis.requestsPage.send(...args), url, init)

  it.each([
    [301, 'GET', 'GET '],
    [302, 'POST', 'GET '],
    [303, 'POST', 'GET '],
    [307, 'POST', 'POST beans'],
    [308, 'PUT', 'PUT beans'],
  ])('follows a %i of a %s within the origin, with a new signature', async (status, method, then) => {
    for (const { origin } of [api, other]) {
      await opened([origin])
      const init = method === 'GET' ? {} : { method, body: 'beans' }
      expect(await send(`${origin}/${status}`, init)).toEqual({
        status: 200,
        url: `${origin}/notes/2`,
        text: `eip155 ${then}`,
      })
    }
  })

  it('sends no capability to another origin after a redirect', async () => {
    await opened([api.origin])
    const to = encodeURIComponent(`${other.origin}/file`)
    for (const status of [302, 307]) await send(`${api.origin}/${status}?to=${to}`)
    expect(received).toHaveLength(2)
    expect(elsewhere.length).toBeGreaterThan(0)
    for (const { headers } of elsewhere) expect(headers.authorization).toBeUndefined()
    expect(bodies).toEqual([])
  })

  it('follows no redirect with a custom capability header, which browsers would forward', async () => {
    await opened([api.origin])
    const to = encodeURIComponent(`${other.origin}/file`)
    const init = { capabilityHeader: 'x-capability' } as RequestInit
    for (const status of [302, 307])
      expect(await send(`${api.origin}/${status}?to=${to}`, init)).toContain(
        'the server redirected the request',
      )
    expect(received).toHaveLength(2)
    expect(elsewhere).toEqual([])
  })

  it.each([-86_399, -3600, -301, 0, 300, 301, 3600, 86_399])(
    'corrects a clock that is wrong by %i seconds',
    async (secs) => {
      for (const { origin } of [api, other]) {
        await opened([origin], secs)
        expect(await send(`${origin}/notes/1`, { method: 'POST', body: 'beans' })).toMatchObject({
          status: 200,
          text: 'eip155 POST beans',
        })
      }
    },
  )

  // A request signed in `pagehide` arrives from none of these browsers: the page is gone before it is signed.
  it('sends a request signed earlier when the page is left', async () => {
    await opened([api.origin])
    await page.evaluate((url) => globalThis.requestsPage.leave(url), `${api.origin}/notes/1`)
    await page.goto(`${other.origin}/`)
    await expect.poll(() => bodies, { timeout: 60_000 }).toEqual(['bye'])
  })

  it.skipIf(LAN === undefined)(
    'rejects with ERR_ENVIRONMENT on an insecure page, and leaves no rejection unhandled',
    async () => {
      await page.goto(`http://${LAN}:${api.port}/`)
      await page.waitFor(() => 'requestsPage' in globalThis)
      expect(await page.evaluate(() => globalThis.isSecureContext)).toBe(false)
      const codes = await page.evaluate(() => globalThis.requestsPage.codes())
      expect(new Set(Object.values(codes)), JSON.stringify(codes)).toEqual(new Set(['ERR_ENVIRONMENT']))
      const error = ['error', 'ERR_ENVIRONMENT']
      expect(await page.evaluate(() => globalThis.requestsPage.states())).toEqual([error, error, false])
      expect(await page.evaluate(() => globalThis.requestsPage.rejections())).toEqual([])
    },
  )
})
