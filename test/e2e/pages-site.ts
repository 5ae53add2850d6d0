import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type SessionCookie, sessionCookie } from '../../src/cookie/index.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { type BundledFile, bundlePage } from './bundle.js'
import { certificate } from './tls.js'

/** A site whose pages a server renders, over TLS. */
export interface Site {
  readonly origin: string
  /** The log of requests so far, such as `GET /account stale`. Tests may clear it. */
  readonly log: string[]
  /** The `Cookie` header of the last request for a page. */
  readonly cookies: string
  /** How far the clock of the server and the pages is ahead, in milliseconds. */
  ahead: number
  /** Whether the server omits its cookies, as an intermediary may do. */
  losesCookies: boolean
  /** Whether the server treats every cookie as stale, as with a wrong clock. */
  doubts: boolean
  /** The Cache-Control header of pages. */
  caching: string
  close(): Promise<void>
}

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"

const html = (text: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>site</title><p id="who">${text}</p><script type="module" src="/page.js"></script></html>`

type Prepared = [ReadonlyMap<string, BundledFile>, Awaited<ReturnType<typeof certificate>>]
const prepared = new Map<string, Promise<Prepared>>()

/** Starts the site with a script of test/e2e/pages. Most of its paths are pages that show who is signed in. */
export async function startSite(script = 'cookie-app.ts'): Promise<Site> {
  const preparing =
    prepared.get(script) ??
    Promise.all([bundlePage(script, { modules: { refresh: 'cookie-refresh.ts' } }), certificate()])
  prepared.set(script, preparing)
  const [files, identity] = await preparing
  const caching = 'private, no-store'
  const state = { log: [] as string[], cookies: '', ahead: 0, losesCookies: false, doubts: false, caching }
  const now = (): number => Date.now() + state.ahead
  const server = createServer(identity).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [authority, origin] = [`localhost:${port}`, `https://localhost:${port}`]
  const revocation = memoryRevocation({ now })
  const terms = {
    debug: false,
    verifiers: ethereumVerifiers(),
    authority,
    domains: [authority],
    resources: false as const,
    now,
  }
  const pages: SessionCookie = sessionCookie({
    ...terms,
    secret: crypto.getRandomValues(new Uint8Array(32)),
    revocation,
  })
  const signed = requireSession<IncomingMessage>({ ...terms, revocation })

  const show = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/'
    state.cookies = request.headers.cookie ?? ''
    const read = await pages.read(request)
    const who = read && state.doubts ? 'stale' : read
    state.log.push(`${request.method} ${path} ${typeof who === 'object' ? who.address : who}`)
    response.setHeader('content-security-policy', POLICY)
    const headers = { 'content-type': 'text/html; charset=utf-8', 'cache-control': state.caching }
    if (path.startsWith('/login')) return void response.writeHead(200, headers).end(html('Sign in here'))
    if (who === 'stale') {
      const options = { script: '/refresh.js', login: '/login' }
      const page = pages.refreshPage(new Request(origin + path, { method: request.method ?? '' }), options)
      return void response.writeHead(page.status, Object.fromEntries(page.headers)).end(await page.text())
    }
    if (!who) return void response.writeHead(303, { location: '/login' }).end()
    response.writeHead(200, headers).end(html(who.account))
  }

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', origin)
    const file = files.get(pathname)
    if (file !== undefined) return void response.setHeader('content-type', 'text/javascript').end(file)
    if (pathname === '/favicon.ico') return void response.writeHead(404).end()
    if (pathname === '/clock') return void response.end(String(state.ahead))
    // What an attacker can do with copied cookies.
    if (pathname === '/plant') {
      const planted = (searchParams.get('cookies') ?? '').split('; ')
      response.setHeader(
        'set-cookie',
        planted.map((pair) => `${pair}; Path=/; Secure`),
      )
      return void response.end('planted')
    }
    if (pathname === '/revoke')
      return void signed(request, response, () => {
        revocation.revoke(callerOf(request).cacao).then(
          () => response.end(),
          () => response.writeHead(500).end(),
        )
      })
    if (pathname === '/session') {
      state.log.push(`${request.method} /session`)
      if (state.losesCookies) {
        const { setHeader } = response
        response.setHeader = (name, value) =>
          name === 'set-cookie' ? response : setHeader.call(response, name, value)
      }
      return pages.nodeHandler(request, response)
    }
    show(request, response).catch(() => response.writeHead(503).end())
  })

  return Object.assign(state, {
    origin,
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  })
}
