import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request as sendHTTP } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { build } from 'esbuild'
import { createApp, createRouter, type EventHandler, eventHandler, toNodeListener } from 'h3'
import { createStaticHandler, type RouteObject } from 'react-router'
import { describe, expect, it, onTestFinished } from 'vitest'
import { DIDSession } from '../../src/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { blocksOf, guide, pages, root, textOf } from './pages.js'
import { inline } from './setup.js'

const SITE = 'https://app.example.com'
const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
const NAVIGATION = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' }

describe('example files shown in guides', () => {
  const shown = pages.flatMap((page) => blocksOf(page)).filter(({ name }) => name.startsWith('examples/'))

  it('are found', () => {
    expect(shown.length).toBeGreaterThan(5)
    expect(guide('nextjs', 'examples/next/server/pages.ts')).toContain('pages.read(await headers()')
  })

  it.each(shown)('match the file $name', ({ name, code }) => {
    expect(textOf(name)).toContain(code)
  })
})

/** A module of the guide, in a folder with all modules of the same app. */
async function moduleOf<T>(app: string, path: string): Promise<T> {
  const folder = join(root, 'build', `guide-${app}-${process.pid}`)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const files = pages.flatMap((page) => blocksOf(page)).filter(({ name }) => name.startsWith(`${app}/`))
  for (const { name, code } of files) {
    const file = join(folder, `${name}.ts`)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, code)
  }
  const outfile = join(folder, `${path.replaceAll('/', '-')}.mjs`)
  await build({
    stdin: { contents: path, resolveDir: join(folder, app), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    outfile,
  })
  process.env['COOKIE_SECRET'] = randomBytes(32).toString('hex')
  return import(/* @vite-ignore */ `${outfile}?${Date.now()}`)
}

async function signedPost(): Promise<Request> {
  const session = await DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' }), {
    resources: [`${SITE}/api/*`],
  })
  return session.signRequest(new Request(`${SITE}/session`, { method: 'POST' }))
}

const cookiesOf = (headers: Headers): string =>
  headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ')

/** Sends a request for the site to a port of this machine, as a proxy does. */
async function deliver(request: Request, port: number): Promise<Response> {
  const { pathname, host } = new URL(request.url)
  const headers = { ...Object.fromEntries(request.headers), host }
  const sent = sendHTTP({ host: '127.0.0.1', port, method: request.method, path: pathname, headers }).end()
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const received = new Headers()
  for (let i = 0; i < answer.rawHeaders.length; i += 2)
    received.append(answer.rawHeaders[i] ?? '', answer.rawHeaders[i + 1] ?? '')
  const { statusCode: status = 0 } = answer
  const body = await text(answer)
  return new Response(status === 204 || status === 304 ? null : body, { status, headers: received })
}

/** What must hold for each app, however it receives a request. */
async function expectPages(send: (request: Request) => Promise<Response>): Promise<void> {
  const navigation = (cookie?: string): Request =>
    new Request(`${SITE}/notes`, { headers: { ...NAVIGATION, ...(cookie && { cookie }) } })
  expect(await (await send(navigation())).text()).not.toContain(ADDRESS)

  const set = await send(await signedPost())
  expect(set.status).toBe(200)
  const cookie = cookiesOf(set.headers)
  expect(await (await send(navigation(cookie))).text()).toContain(`Notes of ${ADDRESS}`)
  expect(await (await send(navigation(cookie.replace('=', '=x')))).text()).not.toContain(ADDRESS)

  const unsigned = await send(new Request(`${SITE}/session`, { method: 'POST', headers: { cookie } }))
  expect(unsigned.status).toBe(401)

  const { now } = Date
  Date.now = () => now() + 3_600_000
  try {
    const late = await send(navigation(cookie))
    const html = await late.text()
    expect(html).not.toContain(ADDRESS)
    expect(html).toContain('src="/refresh.js"')
    expect(html).toContain('/login')
    const data = new Request(`${SITE}/notes`, { headers: { cookie, 'sec-fetch-dest': 'empty' } })
    expect(await (await send(data)).text()).not.toContain('refresh.js')
  } finally {
    Date.now = now
  }
}

describe('the guides to frameworks', () => {
  // The complete apps are created and driven by `npm run try:apps`.
  it.each([
    ['Next.js', 3000, guide('nextjs', 'next/app/api/hello/route'), 'POST'],
    [
      'SvelteKit',
      5173,
      guide('sveltekit', 'sveltekit/src/routes/api/hello/+server'),
      '(request) => POST({ request })',
    ],
    [
      'Nuxt',
      3000,
      `import { createApp, createRouter, toWebHandler } from 'h3'
       ${guide('nuxt', 'nuxt/server/api/hello.post').replace('export default', 'const route =')}`,
      "toWebHandler(createApp().use(createRouter().post('/api/hello', route)))",
    ],
  ])('has a route of %s that gets the caller', (_, port, code, handler) => {
    const output = runFresh(`
      import { DIDSession } from 'cacao-session'
      import { ethereumAuth } from 'cacao-session/ethereum'
      ${inline(code)}
      const answer = ${handler}
      const url = 'http://localhost:${port}/api/hello'
      const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'localhost:${port}' })
      const session = await DIDSession.authorize(auth, { resources: ['http://localhost:${port}/api/*'] })
      const request = await session.signRequest(new Request(url, { method: 'POST' }))
      for (const sent of [request.clone(), request, new Request(url, { method: 'POST' })]) {
        const response = await answer(sent)
        console.log(response.status, await response.text())
      }`)
    expect(output.trim().split('\n')).toEqual([
      `200 {"hello":"${ACCOUNT_A}"}`,
      '401 {"code":"ERR_REQUEST_REPLAYED"}',
      '401 {"code":"ERR_REQUEST_UNSIGNED"}',
    ])
  })

  it('has a middleware and a route for Nuxt', async () => {
    const { caller, session } = await moduleOf<{ caller: EventHandler; session: EventHandler }>(
      'nuxt',
      `export { default as caller } from './server/middleware/caller'
       export { default as session } from './server/routes/session'`,
    )
    const router = createRouter()
      .use('/session', session)
      .get(
        '/notes',
        eventHandler(({ context }) =>
          context['caller'] ? `Notes of ${context['caller'].address}` : 'Sign in',
        ),
      )
    const server = createServer(toNodeListener(createApp().use(caller).use(router)))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    const { port } = server.address() as AddressInfo
    await expectPages((request) => deliver(request, port))
  })

  it('has a middleware and a route for React Router', async () => {
    expect(guide('pages-in-frameworks', 'react-router/app/pages.server')).toContain('sessionCookie(')
    const { signedIn, callerContext, action } = await moduleOf<{
      signedIn: NonNullable<RouteObject['middleware']>[number]
      callerContext: never
      action: NonNullable<RouteObject['action']>
    }>('react-router', "export * from './app/signed-in.server'\nexport * from './app/routes/session'")
    const notes: RouteObject = {
      path: '/notes',
      middleware: [signedIn],
      loader: ({ context }) =>
        `Notes of ${(context as { get(key: unknown): { address: string } }).get(callerContext).address}`,
    }
    const router = createStaticHandler([
      notes,
      { path: '/session', action },
      { path: '/login', loader: () => 'Sign in' },
    ])
    await expectPages(async (request) =>
      router.queryRoute(request, {
        generateMiddlewareResponse: async (query) => {
          const result: unknown = await query(request)
          return result instanceof Response ? result : new Response(String(result))
        },
      }),
    )
  })
})
