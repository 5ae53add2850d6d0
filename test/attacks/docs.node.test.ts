import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/hex.js'
import { blocksOf, example, pages, root } from '../docs/pages.js'
import { startModule } from '../setup/node-process.js'
import { attackCookies } from './kit/attack-cookies.js'
import { attackServer } from './kit/attack-server.js'
import { ability, below, type ServerUnderAttack } from './kit/server-under-attack.js'
import { toPort } from './kit/socket-server.js'

// Every server of the README and the guides, copied, started in its own process, and attacked.

const PRINT = '({ port }) => console.log(port)'
const listens = (fetch: string): string => `
  import { serve as serveIt } from '@hono/node-server'
  serveIt({ fetch: ${fetch}, port: 0, hostname: '127.0.0.1' }, ${PRINT})`
const LISTENS = {
  app: listens('app.fetch'),
  handler: listens('handler'),
  express: `app.listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
  verify: listens(`async (request) => {
    try { return Response.json(await verify(request)) }
    catch ({ code }) { return Response.json({ code }, { status: 401 }) }
  }`),
  sharded: `
    import { memoryReplay } from 'cacao-session/verify'
    const verify = verifierOver([memoryReplay(), memoryReplay(), memoryReplay()])
    ${listens(`async (request) => {
      try { return Response.json(await verify(request)) }
      catch ({ code }) { return Response.json({ code }, { status: 401 }) }
    }`)}`,
  route: listens('(request) => POST(request)'),
  endpoint: listens('(request) => POST({ request })'),
  h3: `
    import { createApp, createRouter, toNodeListener } from 'h3'
    import { createServer } from 'node:http'
    createServer(toNodeListener(createApp().use(createRouter().post('/api/hello', route))))
      .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
  guarded: listens('guardWith((request) => POST(request))'),
  // Calls the hook and the route as Fastify does; the packed tests have Fastify itself.
  fastify: `
    import { createServer } from 'node:http'
    import { text } from 'node:stream/consumers'
    let hook, route
    addNotes({ addHook: (_, added) => { hook = added }, post: (_, handler) => { route = handler } })
    createServer(async (raw, response) => {
      const request = { raw, originalUrl: raw.url }
      const reply = {
        raw: response,
        code: (status) => { response.statusCode = status },
        headers: (values) => { for (const name in values) response.setHeader(name, values[name]) },
        send: (body) => response.writeHead(response.statusCode).end(body),
      }
      if (await hook(request, reply)) return
      request.body = await text(raw)
      response.writeHead(200).end(JSON.stringify(await route(request)))
    }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`,
  itself: '',
}

const NOTES = {
  authority: 'api.example.com',
  domain: 'app.example.com',
  method: 'POST',
  target: '/notes/new',
  body: 'Buy cacao beans',
  granted: below('https://api.example.com/notes'),
  beside: below('https://api.example.com/other'),
}
const HELLO = {
  authority: 'localhost:5173',
  domain: 'localhost:5173',
  method: 'POST',
  target: '/api/hello',
  granted: below('http://localhost:5173/api'),
  beside: below('http://localhost:5173/other'),
}
const HELLO_3000 = {
  ...HELLO,
  authority: 'localhost:3000',
  domain: 'localhost:3000',
  granted: below('http://localhost:3000/api'),
  beside: below('http://localhost:3000/other'),
}
const ABILITY = {
  authority: 'api.example.com',
  domain: 'app.example.com',
  method: 'GET',
  target: '/notes',
  granted: ability('notes/read', 'https://api.example.com/notes'),
  beside: ability('notes/write', 'https://api.example.com/notes'),
}
const DEVICES = {
  authority: 'api.example.com',
  domain: 'app.example.com',
  method: 'GET',
  target: '/api/devices',
  granted: below('https://api.example.com/api'),
  beside: below('https://api.example.com/other'),
}

const PAGES = {
  authority: 'app.example.com',
  domain: 'app.example.com',
  method: 'POST',
  target: '/session',
  granted: below('https://app.example.com'),
  beside: below('https://api.example.com/notes'),
}

const SECRET = '0123456789abcdef'.repeat(4)

const PHOTOS = {
  authority: 'api.example.com',
  domain: 'app.example.com',
  method: 'GET',
  target: '/photos/1.jpg',
  granted: below('https://api.example.com/photos'),
  beside: below('https://api.example.com/other'),
}

type Site = Omit<ServerUnderAttack, 'send'>

const SERVERS: readonly [page: string, block: string, listens: keyof typeof LISTENS, site: Site][] = [
  ['README.md', 'server', 'app', NOTES],
  ['docs/guides/start.md', 'server', 'itself', HELLO],
  ['docs/guides/requests.md', 'server', 'app', NOTES],
  ['docs/guides/requests.md', 'express', 'express', NOTES],
  ['docs/guides/requests.md', 'fetch', 'handler', NOTES],
  ['docs/guides/requests.md', 'fast', 'verify', NOTES],
  ['docs/guides/scale.md', 'share', 'sharded', NOTES],
  ['docs/guides/fastify-and-nest.md', 'fastify', 'fastify', NOTES],
  ['docs/guides/requests.md', 'two-checks', 'guarded', NOTES],
  ['docs/guides/nextjs.md', 'next/app/api/hello/route', 'route', HELLO_3000],
  ['docs/guides/sveltekit.md', 'sveltekit/src/routes/api/hello/+server', 'endpoint', HELLO],
  ['docs/guides/nuxt.md', 'nuxt/server/api/hello.post', 'h3', HELLO_3000],
  ['docs/guides/pages.md', 'server', 'app', PAGES],
  ['docs/guides/sockets-and-links.md', 'server', 'app', PHOTOS],
  ['docs/guides/devices.md', 'server', 'app', DEVICES],
  ['docs/guides/abilities-and-delegation.md', 'server', 'handler', ABILITY],
  ['docs/guides/abilities-and-delegation.md', 'receive', 'handler', { ...NOTES, maxLinks: 2 }],
]

describe('the servers of the documentation', () => {
  it.each(SERVERS)('%s: %s', async (page, block, kind, site) => {
    // On a free port, which is printed.
    const code = example(page, block)
      .replace(/port: 8787 }\)/, `port: 0 }, ${PRINT})`)
      .replace('process.env.COOKIE_SECRET', `'${SECRET}'`)
      .replace('export default defineEventHandler', 'const route = defineEventHandler')
    const server = startModule(`${code}\nconsole.warn = () => undefined\n${LISTENS[kind]}`)
    await attackServer({ ...site, send: toPort(Number(await server.next())) })
  })

  it('docs/guides/stores.md: cookies', async () => {
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const code = example('docs/guides/stores.md', 'cookies').replace(
      'process.env',
      `{ COOKIE_SECRET: '${toHex(secret)}' }`,
    )
    const server = startModule(`${code}\n${LISTENS.handler}`)
    const url = `http://127.0.0.1:${await server.next()}/`
    const visit = async (cookie: string): Promise<string> =>
      (await fetch(url, { headers: { cookie } })).text()
    await attackCookies({ visit, secret, domain: 'app.example.com' })
  })

  it('are all tested here', () => {
    const isServer =
      /\b(?:requireSession|requestVerifier|verifyRequest)(?:<\w+>)?\(\s*\{(?! …)|cookieStore\(request|sessionCookie\([\s\S]*\.handler\(/
    const found = pages.flatMap((page) =>
      blocksOf(page)
        .filter(({ code }) => isServer.test(code))
        .map(({ name }) => `${page} ${name}`),
    )
    // These need packages that are not installed here.
    const elsewhere = [
      'clients.md trpc/server',
      'clients.md graphql/server',
      'fastify-and-nest.md nest/session.guard',
    ]
    const packed = readFileSync(join(root, 'test/packed/guides.test.ts'), 'utf8')
    for (const name of elsewhere) expect(packed).toContain(`'${name.replace('.md ', "',\n    '")}'`)
    const attacked = SERVERS.map(([page, block]) => `${page} ${block}`)
    const others = elsewhere.map((name) => `docs/guides/${name}`)
    expect(found.sort()).toEqual([...attacked, ...others, 'docs/guides/stores.md cookies'].sort())
  })
})
