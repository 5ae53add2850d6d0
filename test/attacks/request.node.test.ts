import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect, createServer as createHTTP2Server, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { afterAll, beforeAll } from 'vitest'
import { SessionError, type SessionErrorCode } from '../../src/base/errors.js'
import { requireSession } from '../../src/middleware/express.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { signedWire } from '../http/attack.js'
import type { Answer } from '../http/raw-socket.js'
import { accepting, type TestSigner, testSigner } from '../setup/request-signer.js'
import type { WireRequest } from '../setup/wire-request.js'
import { toPort } from './kit/socket-server.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks on a server's sockets, with bytes that no client would send. A capability for https://uploads.example.com/* must not
// reach `DELETE https://api.example.com/account`, however the two names are mixed.

const AUTHORITY = 'api.example.com'
const UPLOADS = 'uploads.example.com'
const OWN = `https://${AUTHORITY}/account`

/** As careless as a server can be: with the host and the target that the request itself names. */
const options = {
  ...accepting,
  resources: (request: { headers: { host?: string | undefined }; url?: string | undefined }) => [
    `https://${request.headers.host}${request.url}`,
  ],
}
const seen = (host: string | undefined, target: string | undefined): string => `https://${host}${target}`

const admit = requireSession(options)
const plain: RequestListener = (request, response) =>
  admit(request, response, (error) => {
    response.statusCode = error === undefined ? 200 : 500
    response.end(error === undefined ? seen(request.headers.host, request.url) : String(error))
  })
const onExpress = express()
  .use(requireSession(options))
  .use((request, response) => {
    response.send(`${request.protocol}s://${request.host}${request.originalUrl}`)
  })
/** Behind a proxy that it trusts, with the host and protocol that Express reports. */
const behindProxy = express()
  .set('trust proxy', true)
  .use(
    requireSession({
      ...accepting,
      resources: (request) => {
        const { protocol, hostname, originalUrl } = request as express.Request
        return [`${protocol}://${hostname}${originalUrl}`]
      },
    }),
  )
  .use((request, response) => {
    response.send(`${request.protocol}://${request.hostname}${request.originalUrl}`)
  })
const onHono = new Hono()
  .use(honoSession({ ...accepting, resources: ({ url }) => [url] }))
  .all('*', (c) => c.text(c.req.url))

const running: Server[] = []
const ports = new Map<string, number>()
let uploader: TestSigner
let owner: TestSigner
beforeAll(async () => {
  const hono = createAdaptorServer({ fetch: onHono.fetch, overrideGlobalObjects: false }) as Server
  const http2 = createHTTP2Server((request, response) =>
    admit(request, response, () => void response.end(`https://${request.authority}${request.url}`)),
  )
  const servers = {
    'node:http': createServer(plain),
    Express: createServer(onExpress),
    'Express behind a proxy': createServer(behindProxy),
    Hono: hono,
    'HTTP/2': http2,
  }
  for (const [name, server] of Object.entries(servers)) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    running.push(server as Server)
    ports.set(name, (server.address() as AddressInfo).port)
  }
  uploader = await testSigner('P-256', { resources: [`https://${UPLOADS}/*`] })
  owner = await testSigner('P-256', { resources: [`https://${AUTHORITY}/*`] })
})
afterAll(async () => {
  for (const server of running) server.close()
})

/** The outcome: the handler must have seen what was signed; a refusal has one of our codes or is a 4xx of the HTTP server. */
function outcome({ status, body }: Answer): boolean {
  const [, code] = /^\{"code":"(\w+)"\}$/.exec(body) ?? []
  if (code !== undefined && status < 500) throw new SessionError(code as SessionErrorCode, body)
  if (status >= 400 && status < 500) return false
  if (status === 200 && body === OWN) return true
  throw new Error(`${status} ${body}`)
}

const sign = (by: () => TestSigner, target = '/account'): Promise<WireRequest> =>
  signedWire(by(), { method: 'DELETE', target, host: AUTHORITY })

for (const name of ['node:http', 'Express', 'Hono']) {
  const send =
    (change: Partial<WireRequest>, by = (): TestSigner => uploader) =>
    async (): Promise<boolean> =>
      outcome(await toPort(ports.get(name) ?? 0)({ ...(await sign(by)), ...change }))

  tryAttacks(`a capability for uploads that would delete the account, on ${name}`, [
    ['(the account’s own capability)', send({}, () => owner), 'accepted'],
    ['unchanged', send({}), 'ERR_CAPABILITY_RESOURCES'],
    ['by Host', send({ host: UPLOADS }), 'ERR_CAPABILITY_RESOURCES'],
    [
      'with the other host in Host, with a port',
      send({ host: `${UPLOADS}:443` }),
      'ERR_CAPABILITY_RESOURCES',
    ],
    [
      'with the other host in Host, with a user name',
      send({ host: `${UPLOADS}@${AUTHORITY}` }),
      name === 'Hono' ? 'nothing' : 'ERR_CAPABILITY_RESOURCES',
    ],
    [
      'with the other host in a Host with a path',
      send({ host: `${UPLOADS}/x?` }),
      name === 'Hono' ? 'nothing' : 'ERR_CAPABILITY_RESOURCES',
    ],
    [
      'with the other host in an absolute target',
      send({ target: `https://${UPLOADS}/account` }),
      name === 'Hono' ? 'ERR_CAPABILITY_RESOURCES' : 'ERR_REQUEST_SIGNATURE',
    ],
    [
      'with the other host in both',
      send({ target: `https://${UPLOADS}/account`, host: UPLOADS }),
      name === 'Hono' ? 'ERR_CAPABILITY_RESOURCES' : 'ERR_REQUEST_SIGNATURE',
    ],
    [
      '(the account’s own capability, with an unknown Host)',
      send({ host: 'localhost' }, () => owner),
      'accepted',
    ],
  ])

  /** Signed as it is written; only a URL parser would change it. */
  const aim = (target: string) => async (): Promise<boolean> => {
    const { status, body } = await toPort(ports.get(name) ?? 0)(await sign(() => owner, target))
    if (status >= 400 && status < 500) return false
    throw new Error(`${status} ${body}`)
  }
  tryAttacks(`a target that a URL parser would rewrite, on ${name}`, [
    ['a fragment', aim('/account#x'), 'nothing'],
    ['an empty fragment', aim('/account#'), 'nothing'],
    ['dot segments', aim('/x/../account'), 'nothing'],
    ['encoded dot segments', aim('/x/%2e%2E/account'), 'nothing'],
    ['a dot segment', aim('/./account'), 'nothing'],
    ['a backslash', aim('/x\\..\\account'), 'nothing'],
    ['a user name in an absolute target', aim(`https://user@${AUTHORITY}/account`), 'nothing'],
    ['a user name and a password', aim(`https://user:x@${AUTHORITY}/account`), 'nothing'],
    ['a port in an absolute target', aim(`https://${AUTHORITY}:8443/account`), 'nothing'],
    ['another scheme', aim(`ftp://${AUTHORITY}/account`), 'nothing'],
    ['no scheme', aim(`${AUTHORITY}/account`), 'nothing'],
    ['an authority alone', aim(`${AUTHORITY}:443`), 'nothing'],
    ['an asterisk', aim('*'), 'nothing'],
    ['no slash', aim('account'), 'nothing'],
    ['a quotation mark', aim('/account"'), 'nothing'],
    ['bytes outside ASCII', aim('/acc\u00fcnt'), 'nothing'],
    ['angle brackets in the query', aim('/account?<x>'), 'nothing'],
  ])
}

/** Through a proxy that forwards the client's own headers. */
const forwarded =
  (headers: WireRequest['headers'], by = (): TestSigner => uploader) =>
  async (): Promise<boolean> => {
    const wire = await sign(by)
    const port = ports.get('Express behind a proxy') ?? 0
    return outcome(await toPort(port)({ ...wire, headers: [...wire.headers, ...headers] }))
  }
const HTTPS = ['X-Forwarded-Proto', 'https'] as const

tryAttacks('a capability for uploads that would delete the account, behind a proxy that Express trusts', [
  ['(the account’s own capability)', forwarded([HTTPS], () => owner), 'accepted'],
  ['unchanged', forwarded([HTTPS]), 'ERR_CAPABILITY_RESOURCES'],
  ['by X-Forwarded-Host', forwarded([HTTPS, ['X-Forwarded-Host', UPLOADS]]), 'ERR_CAPABILITY_RESOURCES'],
  [
    'with several forwarded hosts',
    forwarded([HTTPS, ['X-Forwarded-Host', `${UPLOADS}, ${AUTHORITY}`]]),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'with a forwarded host twice',
    forwarded([HTTPS, ['X-Forwarded-Host', AUTHORITY], ['x-forwarded-host', UPLOADS]]),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    '(the account’s own capability, with another host)',
    forwarded([HTTPS, ['X-Forwarded-Host', UPLOADS]], () => owner),
    'accepted',
  ],
  [
    '(the account’s own capability, with another scheme)',
    forwarded([['X-Forwarded-Proto', 'http']], () => owner),
    'accepted',
  ],
])

/** On HTTP/2, with these headers besides the signed ones. */
const send2 =
  (changes: IncomingHttpHeaders, by = (): TestSigner => uploader, target = '/account') =>
  async (): Promise<boolean> => {
    const wire = await sign(by, target)
    const client = connect(`http://127.0.0.1:${ports.get('HTTP/2')}`)
    try {
      const stream = client.request({
        ':method': wire.method,
        ':path': wire.target,
        ...Object.fromEntries(wire.headers.map(([name, value]) => [name.toLowerCase(), value])),
        ...changes,
      })
      // A malformed message ends with its stream, before any server sees it.
      const response = await once(stream, 'response').catch(() => undefined)
      if (!response) return false
      const [headers] = response as [IncomingHttpHeaders & { ':status'?: number }]
      const body = Buffer.concat(await stream.toArray()).toString()
      return outcome({ status: headers[':status'] ?? 0, headers: new Headers(), body })
    } finally {
      client.close()
    }
  }

tryAttacks('a capability for uploads that would delete the account, on HTTP/2', [
  ['(the account’s own capability)', send2({ ':authority': AUTHORITY }, () => owner), 'accepted'],
  [
    '(the account’s own capability, with host and :authority)',
    send2({ ':authority': AUTHORITY, host: AUTHORITY }, () => owner),
    'accepted',
  ],
  ['unchanged', send2({ ':authority': AUTHORITY }), 'ERR_CAPABILITY_RESOURCES'],
  ['by :authority', send2({ ':authority': UPLOADS }), 'ERR_CAPABILITY_RESOURCES'],
  [
    'with the other host in host beside :authority',
    send2({ ':authority': AUTHORITY, host: UPLOADS }),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'with the other host in :authority beside host',
    send2({ ':authority': UPLOADS, host: AUTHORITY }),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['with another scheme', send2({ ':authority': AUTHORITY, ':scheme': 'ftp' }), 'ERR_CAPABILITY_RESOURCES'],
  [
    'with an absolute path',
    send2({ ':authority': AUTHORITY, ':path': `https://${UPLOADS}/account` }),
    'nothing',
  ],
  [
    'the account’s own capability, with a fragment',
    send2({ ':authority': AUTHORITY }, () => owner, '/account#x'),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'the account’s own capability, with dot segments',
    send2({ ':authority': AUTHORITY }, () => owner, '/x/../account'),
    'ERR_REQUEST_SIGNATURE',
  ],
])
