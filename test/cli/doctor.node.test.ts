import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { requireSession } from '../../src/middleware/express.js'
import { fileStore } from '../../src/node/file-store.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { freePort } from '../engines/free-port.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { startAPI } from './api-server.js'
import { type Machine, machine } from './run-cli.js'

let self: Machine
beforeEach(async () => {
  self = await machine()
  await DIDSession.get(ACCOUNT_A, ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' }), {
    resources: ['https://api.example.com/*'],
    store: fileStore(self.store),
  })
})

/** A server that answers each request as the test says, and closes at the end of the test. */
async function serve(answer: (authority: string) => RequestListener): Promise<string> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on('request', answer(authority))
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://${authority}/notes`
}

const guard = (authority: string, more: object = {}) =>
  requireSession({
    verifiers: ethereumVerifiers(),
    authority,
    domains: ['app.example.com'],
    resources: ['https://api.example.com/notes'],
    debug: false,
    ...more,
  })

const allow = (
  response: ServerResponse,
  headers = 'authorization, content-digest, content-type, signature, signature-input',
) =>
  response
    .writeHead(204, {
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-headers': headers,
    })
    .end()

/** A server that is set up correctly, except for the given options. */
const well =
  (more: object = {}, headers?: string) =>
  (authority: string): RequestListener => {
    const admit = guard(authority, more)
    return (request, response) => {
      if (request.method === 'OPTIONS') return void allow(response, headers)
      admit(request, response, () => void response.end('notes'))
    }
  }

/** A server that requires a session for preflights too. */
const guardsAll = (authority: string): RequestListener => {
  const admit = guard(authority)
  return (request, response) => admit(request, response, () => void response.end('notes'))
}

describe('cacao-session doctor', () => {
  it('finds nothing wrong with a server that is set up correctly', async () => {
    const printed = await self.ok(['doctor', await serve(well())])
    expect(printed.match(/^ok {5}.*$/gm)).toEqual([
      'ok     an unsigned request is refused',
      'ok     a request that the session signs is accepted',
      'ok     the same request is refused the second time',
      'ok     the clocks of this machine and of the server agree',
      'ok     pages of https://app.example.com may call the server (CORS)',
    ])
    expect(printed).not.toContain('wrong')
  })

  it.each([
    [
      'nothing guards it',
      () => (): RequestListener => (_, response) => void response.end('notes'),
      'nothing guards this URL',
    ],
    [
      'its authority is another host name',
      () => well({ authority: 'api.example.com' }),
      'ERR_REQUEST_SIGNATURE: the server received a request that differs from the signed one',
    ],
    ['it does not accept the site', () => well({ domains: ['other.example.com'] }), 'ERR_CAPABILITY_DOMAIN'],
    ['it remembers no requests', () => well({ replay: false }), 'remove the option replay: false'],
    ['its clock is wrong', () => well({ now: () => Date.now() + 3_600_000 }), 'ERR_REQUEST_STALE'],
    [
      'it allows only one header',
      () => well({}, 'content-type'),
      'does not allow the headers authorization, content-digest, signature, signature-input',
    ],
    [
      'behind its guard nothing answers GET',
      () =>
        (authority: string): RequestListener => {
          const admit = guard(authority)
          return (request, response) => admit(request, response, () => void response.writeHead(404).end())
        },
      'the server answered 404: requireSession let the request through, but its handlers do not answer GET here',
    ],
    ['it guards preflights', () => guardsAll, 'the preflight, which is never signed'],
    [
      'another server answers',
      () => (): RequestListener => (_, response) => void response.writeHead(404).end('nothing here'),
      'requireSession did not see the request',
    ],
    [
      'it redirects',
      () => (): RequestListener => (_, response) => void response.writeHead(307, { location: '/' }).end(),
      'give the URL that it redirects to',
    ],
  ] as const)('explains the fault if %s', async (_, server, fault) => {
    const make = server() as (authority: string) => RequestListener
    const { code, stdout, stderr } = await self.call(['doctor', await serve(make)])
    expect(`${stdout}${stderr}`).toContain(fault)
    expect(stderr).toMatch(/\d of \d checks failed/)
    expect(code).not.toBe(0)
  })

  it.each([
    ['answers', 200],
    ['redirects', 307],
  ] as const)(
    'does not report that a server which %s without a guard accepts signed requests',
    async (_, status) => {
      const server = await serve(
        () => (_, response) => void response.writeHead(status, { location: '/' }).end(),
      )
      const { stdout } = await self.call(['doctor', server])
      expect(stdout).toMatch(/^wrong {2}an unsigned request is refused$/m)
      expect(stdout).not.toContain('signs is accepted')
      expect(stdout).not.toContain('replay')
    },
  )

  it('detects a wrong clock by the Date header', async () => {
    const late = new Date(Date.now() + 3_600_000).toUTCString()
    const server = await serve(() => (_, response) => void response.writeHead(401, { date: late }).end())
    expect((await self.call(['doctor', server])).stdout).toMatch(
      /the server's clock is 3\d{3} seconds ahead of/,
    )
  })

  it('checks CORS for the given origin, but not if that is the origin of the server', async () => {
    const { origin } = await startAPI()
    const { stdout } = await self.call(['doctor', `${origin}/notes`, '--origin', origin])
    expect(stdout).not.toContain('CORS')
    const { code, stderr } = await self.call(['doctor', `${origin}/notes`, '--origin', 'app.example.com'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('--origin must be a scheme and a host')])
  })

  it.each([
    ['localhost:5173', 'http'],
    ['notes.localhost:5173', 'http'],
    ['127.0.0.1:5173', 'http'],
    ['[::1]:5173', 'http'],
    ['localhost.example.com', 'https'],
    ['127.0.0.1.example.com', 'https'],
  ])('uses %s as the origin of the session’s pages with %s', async (domain, scheme) => {
    const session = await DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain }), {
      resources: ['https://api.example.com/*'],
    })
    const { stdout } = await self.call(['doctor', await serve(well()), '--session-env', 'SESSION'], {
      env: { SESSION: session.serialize() },
    })
    expect(stdout).toContain(`pages of ${scheme}://${domain} may call the server`)
  })

  it.each(['takes too long', 'ends the connection'])(
    'ends with exit code 4 if a server %s in the body of a refusal',
    async (does) => {
      const limit = new AbortController()
      vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal)
      onTestFinished(() => void vi.restoreAllMocks())
      let end = (): void => limit.abort(new DOMException('The operation was aborted', 'TimeoutError'))
      const server = await serve(() => (_, response) => {
        response.writeHead(401).write('{"code":')
        if (does === 'ends the connection') end = () => response.destroy()
      })
      const send = globalThis.fetch
      vi.spyOn(globalThis, 'fetch').mockImplementation(async (...args) => {
        const response = await send(...args)
        setImmediate(end)
        return response
      })
      const { code, stderr } = await self.call(['doctor', server, '-m', '1s'])
      const why = does === 'takes too long' ? 'it took too long' : ''
      expect([code, stderr]).toEqual([4, expect.stringContaining(`cannot be reached: ${why}`)])
    },
  )

  it('reports that the server cannot be reached', async () => {
    const { code, stderr } = await self.call(['doctor', `http://127.0.0.1:${await freePort()}/`])
    expect(stderr).toContain('cannot be reached: ECONNREFUSED')
    expect(code).not.toBe(0)
  })
})

describe('the messages of the command line', () => {
  it('suggest the domain if a URL is given', async () => {
    const args = ['authorize', '--key-file', self.keyFile, '-r', 'https://api.example.com/*', '-d']
    for (const given of ['https://app.example.com', 'https://app.example.com/login', 'app.example.com/']) {
      const { code, stderr } = await self.call([...args, given])
      expect([code, stderr]).toEqual([2, expect.stringContaining('--domain app.example.com')])
    }
    expect((await self.call([...args, 'app.example.com'])).code).toBe(0)
  })

  it('name the domain of each stored session', async () => {
    expect(await self.ok(['list'])).toMatch(/^ {2}site +app\.example\.com$/m)
    expect(JSON.parse(await self.ok(['list', '--json']))[0].domain).toBe('app.example.com')
  })
})
