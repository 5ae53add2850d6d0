import { cp, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ExampleProcess, startUntil } from '../e2e/example-process.js'
import { freePort } from '../engines/free-port.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { sessionFor } from './api-client.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { ownEnv, run } from './command.js'
import { type Delivered, deliver, deliverHTTP2 } from './frameworks/deliver.js'
import { describeProxy, startNginx, startOfGuide } from './frameworks/proxies.js'

// Servers as people run them: mounted, rewritten, wrapped, and behind a proxy. Clients know all of them as
// https://notes.example.com, which is not the name of this machine.

const SITE = 'https://notes.example.com'
const NOTE = { note: 'Buy cacao beans' }
const PACKAGES = [
  'express4@npm:express@4.22.3',
  'express5@npm:express@5.3.0',
  'fastify@5.12.8',
  'serverless-http@4.0.0',
  'hono@4.13.19',
  '@hono/node-server@2.1.9',
  '@google-cloud/functions-framework@5.0.5',
  'next@16.4.6',
  'react@19.3.1',
  'react-dom@19.3.1',
]

interface Server extends ExampleProcess {
  readonly port: number
}

let folder: BareFolder
beforeAll(async () => {
  folder = await bareFolder(...PACKAGES)
  const source = fileURLToPath(new URL('frameworks', import.meta.url))
  const scripts = (await readdir(source)).filter((name) => name.endsWith('.js'))
  for (const name of scripts) await cp(join(source, name), join(folder.path, name))
  await cp(join(source, 'next'), folder.path, { recursive: true })
})
afterAll(() => folder?.remove())

function bin(name: string): string {
  return join(folder.path, 'node_modules/.bin', name)
}

async function start(command: string, args: readonly string[], ready = /^ready/m, env = {}): Promise<Server> {
  const port = await freePort()
  const settings = { AUTHORITY: 'notes.example.com', PORT: String(port), ...env }
  const options = { cwd: folder.path, env: { ...ownEnv(), ...settings } }
  const server = await startUntil(
    ready,
    command,
    args.map((arg) => arg.replace('PORT', String(port))),
    options,
  )
  // A getter of process can't be spread.
  return Object.assign(server, { port })
}

function post(path: string, body: unknown = NOTE): Request {
  const headers = { 'content-type': 'application/json' }
  return new Request(SITE + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function signed(path: string, covered = '/*'): Promise<Request> {
  const session = await sessionFor(SITE, { path: covered })
  return session.signRequest(post(path))
}

/** What each server must do with requests for these paths, in whichever way they arrive. */
async function expectGuarded(
  paths: readonly string[],
  send: (request: Request) => Promise<Delivered>,
): Promise<void> {
  for (const path of paths) {
    const request = await signed(path)
    const again = request.clone()
    expect(await send(request)).toMatchObject({
      status: 200,
      body: { account: ACCOUNT_A, url: SITE + path, ...NOTE },
    })
    expect(await send(again)).toMatchObject({ status: 401, body: { code: 'ERR_REQUEST_REPLAYED' } })

    const changed = new Request(await signed(path), { body: '{"note":"Buy nothing"}' })
    expect(await send(changed)).toMatchObject({ status: 401, body: { code: 'ERR_REQUEST_DIGEST' } })
    expect(await send(post(path))).toMatchObject({ status: 401, body: { code: 'ERR_REQUEST_UNSIGNED' } })
    const other = await signed(path, '/other')
    expect(await send(other)).toMatchObject({ status: 403, body: { code: 'ERR_CAPABILITY_RESOURCES' } })
    const { headers } = await signed('/api/other')
    const moved = new Request(post(path), { headers })
    expect(await send(moved)).toMatchObject({ status: 401, body: { code: 'ERR_REQUEST_SIGNATURE' } })
  }
}

const NODE = process.execPath
const PATHS = ['/api/notes', '/v1/api/notes?page=2']

describe.each([
  ['Express 4, mounted and with a rewritten URL', NODE, ['express.js'], { EXPRESS: 'express4' }],
  ['Express 5, mounted and with a rewritten URL', NODE, ['express.js'], { EXPRESS: 'express5' }],
  ['serverless-http with Express 4', NODE, ['lambda.js'], { EXPRESS: 'express4' }],
  ['serverless-http with Express 5', NODE, ['lambda.js'], { EXPRESS: 'express5' }],
  ['Fastify, with a prefix and a rewritten URL', NODE, ['fastify.js'], {}],
  ['Hono, routed and mounted', NODE, ['hono.js'], {}],
])('%s', (_, command, args, env) => {
  it('admits a request signed for its own URL, and refuses others', async () => {
    const server = await start(command, args, undefined, env)
    try {
      await expectGuarded(PATHS, (request) => deliver(request, server.port))
    } finally {
      await server.stop()
    }
  })

  it('accepts a signed URL, and hides its signature from handlers', async () => {
    const server = await start(command, args, undefined, env)
    const session = await sessionFor(SITE, { path: '/*' })
    try {
      for (const path of PATHS) {
        const query = Object.fromEntries(new URL(SITE + path).searchParams)
        const signedURL = await session.signURL(SITE + path)
        for (const method of ['GET', 'HEAD', 'GET']) {
          const answer = await deliver(new Request(signedURL, { method }), server.port)
          expect(answer).toMatchObject({
            status: 200,
            headers: { 'cache-control': 'private, no-store', 'referrer-policy': 'no-referrer' },
          })
          if (method === 'HEAD') continue
          expect(answer.body).toMatchObject({ account: ACCOUNT_A, url: SITE + path, query })
          expect(JSON.stringify(answer.body)).not.toContain('cacao-signature')
        }
        const refused = [
          new Request(signedURL, { method: 'POST' }),
          new Request(signedURL.replace('cacao-signature', 'more=1&cacao-signature')),
          new Request(`${signedURL}&more=1`),
        ]
        for (const request of refused)
          expect(await deliver(request, server.port)).toMatchObject({
            status: 401,
            body: { code: 'ERR_REQUEST_SIGNATURE' },
          })
      }
    } finally {
      await server.stop()
    }
  })
})

describe("Google's functions-framework, which reads the body first", () => {
  it('admits a request signed for its own URL, and refuses others', async () => {
    const args = ['--target=notes', '--source=functions.js', '--port=PORT']
    const server = await start(bin('functions-framework'), args, /^URL: /m)
    try {
      await expectGuarded(PATHS, (request) => deliver(request, server.port))
    } finally {
      await server.stop()
    }
  })
})

describe('Next.js with a basePath, a rewrite, and a guard in proxy.js before the handler’s', () => {
  let server: Server
  beforeAll(async () => {
    const env = { AUTHORITY: 'notes.example.com', NEXT_TELEMETRY_DISABLED: '1' }
    await run(bin('next'), ['build'], { cwd: folder.path, env })
    server = await start(bin('next'), ['start', '--port', 'PORT'], /Ready in/, env)
  })
  afterAll(() => server?.stop())

  it('admits a request signed for its own URL, and refuses others', async () => {
    await expectGuarded(['/v1/api/notes?page=2', '/v1/renamed/notes'], (request) =>
      deliver(request, server.port),
    )
  })

  it('is guarded by the handler too, if the matcher skips the guard in proxy.js', async () => {
    const send = (request: Request) => deliver(request, server.port)
    await expectGuarded(['/v1/api/unmatched'], send)
  })
})

describeProxy('nginx', "Debian's nginx: HTTP/2 to HTTP/1.1, another Host, answers compressed", () => {
  let server: Server
  beforeAll(async () => {
    server = await start(NODE, ['express.js'], undefined, { EXPRESS: 'express5' })
  })
  afterAll(() => server?.stop())

  it('admits a request signed for its own URL, and refuses others', async () => {
    const nginx = await startNginx(folder, server.port)
    try {
      const send = (request: Request) => deliverHTTP2(request, nginx.port)
      await expectGuarded(PATHS, send)
      const { headers } = await send(await signed('/api/notes'))
      expect(headers).toMatchObject({ 'content-encoding': 'gzip', server: expect.stringContaining('nginx') })
    } finally {
      await nginx.stop()
    }
  })

  it('refuses a capability far above 8 kB, unless configured otherwise', async () => {
    const resources = Array.from({ length: 160 }, (_, i) => `${SITE}/api/notes-of-a-project/${i}`)
    const session = await sessionFor(SITE, { path: '/api/notes', more: resources })
    const sent = () => session.signRequest(post('/api/notes'))
    const { headers } = await sent()
    expect(headers.get('authorization')?.length).toBeGreaterThan(12_000)
    const nginx = await startNginx(folder, server.port)
    const roomier = await startNginx(folder, server.port, 'large_client_header_buffers 4 32k;')
    try {
      // It sends no response and closes the connection (ENHANCE_YOUR_CALM). HTTP/2 compresses headers, so 9 kB still pass.
      await expect(deliverHTTP2(await sent(), nginx.port)).rejects.toThrow('error code 11')
      expect(await deliverHTTP2(await sent(), roomier.port)).toMatchObject({ status: 200, body: NOTE })
    } finally {
      await nginx.stop()
      await roomier.stop()
    }
  })
})

for (const name of ['nginx', 'caddy'] as const)
  describeProxy(name, `${name}, as the guide to production sets it up`, () => {
    let server: Server
    beforeAll(async () => {
      server = await start(NODE, ['express.js'], undefined, { EXPRESS: 'express5' })
    })
    afterAll(() => server?.stop())

    it('admits signed requests with any number of resources, and logs no credentials', async () => {
      const proxy = await startOfGuide(name, folder, server.port)
      const send = (request: Request) => deliverHTTP2(request, proxy.port)
      try {
        await expectGuarded(PATHS, send)
        const more = Array.from({ length: 160 }, (_, i) => `${SITE}/api/notes-of-a-project/${i}`)
        const session = await sessionFor(SITE, { path: '/api/*', more })
        expect(await send(await session.signRequest(post('/api/notes')))).toMatchObject({
          status: 200,
          body: NOTE,
        })
        const signedURL = await session.signURL(`${SITE}/api/notes?page=2`)
        const headers = { 'sec-websocket-protocol': 'notes.v1, a-token' }
        expect(await send(new Request(signedURL, { headers }))).toMatchObject({ status: 200 })
      } finally {
        await proxy.stop()
      }
      const log = await readFile(proxy.log, 'utf8')
      expect(log).toContain('/api/notes')
      for (const secret of [/cacao-signature/, /a-token/, /CACAO [\w.-]{20}/]) expect(log).not.toMatch(secret)
    })

    it('passes on the refusal of a request whose body is still on its way', async () => {
      const proxy = await startOfGuide(name, folder, server.port)
      const unsigned = () => post('/api/notes', { note: 'x'.repeat(900_000) })
      try {
        const sent = Array.from({ length: 40 }, () => deliverHTTP2(unsigned(), proxy.port))
        const statuses = (await Promise.all(sent)).map(({ status }) => status)
        expect(new Set(statuses)).toEqual(new Set([401]))
      } finally {
        await proxy.stop()
      }
    })
  })
