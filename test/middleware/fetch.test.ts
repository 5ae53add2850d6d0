import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { SessionError, type SessionErrorCode } from '../../src/base/errors.js'
import type { VerifiedRequest } from '../../src/http/verify-request.js'
import { refusalOf } from '../../src/middleware/answer.js'
import { requireSession } from '../../src/middleware/fetch.js'
import type { RequireSessionOptions } from '../../src/middleware/guard.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { failureOf } from '../setup/expect-code.js'
import { accepting, NOW, post, RESOURCE, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

type Server = (request: Request) => Response | Promise<Response>
/** Returns the caller and the body; `/admin` needs more than the session may do. */
const resources = ({ url }: Request): string[] => [
  new URL(url).pathname === '/admin' ? 'https://a.example/' : RESOURCE,
]
const answerOf = async (request: Request, { account, keyDID }: VerifiedRequest): Promise<object> => ({
  account,
  keyDID,
  resources: [RESOURCE],
  body: await request.text(),
})
const servers: readonly (readonly [string, (options: RequireSessionOptions) => Server])[] = [
  [
    'a fetch handler',
    (options) =>
      requireSession(options, async (request, caller) => Response.json(await answerOf(request, caller))),
  ],
  [
    'Hono',
    (options) => {
      const app = new Hono()
        .use('*', honoSession(options))
        .post('*', async (c) => c.json(await answerOf(c.req.raw, c.var.caller)))
      return (request) => app.fetch(request)
    },
  ],
]

describe.each(servers)('%s behind requireSession', (_, serve) => {
  const options = { ...accepting, resources }

  it('gets the caller, and can read the body', async () => {
    const response = await serve(options)(await signer.sign(post('ü')))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      account: ACCOUNT_A,
      keyDID: signer.key.did,
      resources: [RESOURCE],
      body: 'ü',
    })
  })

  const refusals: [
    string,
    number,
    SessionErrorCode,
    object,
    (signed: () => Promise<Request>) => Promise<Request>,
  ][] = [
    ['unsigned', 401, 'ERR_REQUEST_UNSIGNED', {}, async () => post()],
    ['too late', 401, 'ERR_REQUEST_STALE', { now: () => NOW + 360_000 }, (signed) => signed()],
    ['too large', 413, 'ERR_REQUEST_TOO_LARGE', { maxBodyBytes: 3 }, (signed) => signed()],
    [
      'without the required resources',
      403,
      'ERR_CAPABILITY_RESOURCES',
      {},
      () => signer.sign(post('x', 'https://api.example.com/admin')),
    ],
    [
      'without WebCrypto',
      500,
      'ERR_ENVIRONMENT',
      { verifyKeySignature: () => Promise.reject(new SessionError('ERR_ENVIRONMENT', 'no crypto.subtle')) },
      (signed) => signed(),
    ],
    [
      'while the store is down',
      503,
      'ERR_STORE_UNAVAILABLE',
      { replay: { use: () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7')) } },
      (signed) => signed(),
    ],
    [
      'while the account’s chain is down',
      503,
      'ERR_RPC_UNAVAILABLE',
      { verifiers: { eip191: () => Promise.reject(new SessionError('ERR_RPC_UNAVAILABLE', 'no answer')) } },
      (signed) => signed(),
    ],
    [
      'from another domain',
      401,
      'ERR_CAPABILITY_DOMAIN',
      { domains: ['secret.example'] },
      (signed) => signed(),
    ],
  ]
  it.each(refusals)('refuses a request %s with %i %s', async (_what, status, code, changes, make) => {
    const told: SessionError[] = []
    const onRefused = (error: SessionError): void => void told.push(error)
    const response = await serve({ ...options, ...changes, onRefused })(await make(() => signer.sign(post())))
    expect(response.status).toBe(status)
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? `CACAO error="${code}"` : null)
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '1' : null)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    // The client gets only the code. The details are for the log.
    expect(await response.text()).toBe(JSON.stringify({ code }))
    expect(told.map((error) => error.code)).toEqual([code])
  })

  it('accepts a request once', async () => {
    const server = serve(options)
    const request = await signer.sign(post())
    expect((await server(request.clone())).status).toBe(200)
    const again = await server(request)
    expect(again.headers.get('www-authenticate')).toBe('CACAO error="ERR_REQUEST_REPLAYED"')
  })
})

describe('requireSession of a fetch handler', () => {
  it('passes on the further arguments of its platform', async () => {
    const serve = requireSession<[{ id: string }, number]>(accepting, (_, { account }, { id }, count) =>
      Response.json([account, id, count]),
    )
    const response = await serve(await signer.sign(post()), { id: 'seven' }, 7)
    expect(await response.json()).toEqual([ACCOUNT_A, 'seven', 7])
  })

  it('rejects with an error of the server’s own, without answering', async () => {
    const fault = new Error('no such table')
    const broken = requireSession(
      { ...accepting, resources: () => Promise.reject(fault) },
      () => new Response(),
    )
    expect(await failureOf(async () => broken(await signer.sign(post())))).toBe(fault)
    expect(await failureOf(() => refusalOf(fault, post()))).toBe(fault)
  })

  it('throws a TypeError without a handler', async () => {
    expect(await failureOf(() => requireSession(accepting, undefined as never))).toBeInstanceOf(TypeError)
  })

  it('never calls the handler for a request that it refuses', async () => {
    let calls = 0
    const serve = requireSession(accepting, () => {
      calls++
      return new Response()
    })
    await serve(post())
    expect(calls).toBe(0)
    await serve(await signer.sign(post()))
    expect(calls).toBe(1)
  })

  it('passes a SessionError and the request to onRefused', async () => {
    const seen: unknown[] = []
    await requireSession(
      { ...accepting, onRefused: (...told) => seen.push(...told) },
      () => new Response(),
    )(post())
    expect(seen[0]).toBeInstanceOf(SessionError)
    expect(seen[1]).toBeInstanceOf(Request)
  })
})
