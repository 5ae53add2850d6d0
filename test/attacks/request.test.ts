import { beforeAll } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { signRequest } from '../../src/http/sign-request.js'
import type { RequestVerifierOptions } from '../../src/http/verify-options.js'
import { requestVerifier, verifyRequest } from '../../src/http/verify-request.js'
import { requireSession } from '../../src/middleware/fetch.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { testClock } from '../../src/testing/fake-clock.js'
import {
  accepting,
  altered,
  NOW,
  post,
  RESOURCE,
  type TestSigner,
  testSigner,
} from '../setup/request-signer.js'
import { ACCOUNT_B, KEY_B } from '../setup/wallet.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks with signed requests, on every function that verifies them.

const careful = { ...accepting, resources: [RESOURCE] }
const ACCOUNT_URL = 'https://api.example.com/account'
let signer: TestSigner
let uploader: TestSigner
beforeAll(async () => {
  signer = await testSigner()
  uploader = await testSigner('P-256', { resources: ['https://uploads.example.com/*'] })
})

const server = (options: object) => () =>
  requestVerifier({ ...careful, ...options } as RequestVerifierOptions)
const middleware = (options: object) => () => requireSession({ ...careful, ...options }, () => new Response())
const { resources: _, ...withoutResources } = careful
const { domains: __, ...withoutDomains } = careful

tryAttacks('a server without the required options', [
  ['(all required options)', server({}), 'accepted'],
  ['(resources: false, on purpose)', server({ resources: false }), 'accepted'],
  ['no resources', () => requestVerifier(withoutResources as never), 'TypeError: resources'],
  [
    'no resources, in a middleware',
    () => requireSession(withoutResources as never, () => new Response()),
    'TypeError: resources',
  ],
  ['no resources, on Hono', () => honoSession(withoutResources as never), 'TypeError: resources'],
  [
    'no resources, in verifyRequest',
    async () => verifyRequest(await signer.sign(post()), { ...withoutResources, replay: false } as never),
    'TypeError: resources',
  ],
  [
    'no replay, in verifyRequest',
    async () => verifyRequest(await signer.sign(post()), careful as never),
    'TypeError: replay',
  ],
  [
    'replay that is undefined, in verifyRequest',
    async () => verifyRequest(await signer.sign(post()), { ...careful, replay: undefined } as never),
    'TypeError: replay',
  ],
  [
    '(replay: false on purpose, in verifyRequest)',
    async () => verifyRequest(await signer.sign(post()), { ...careful, replay: false }),
    'accepted',
  ],
  ['no domains', () => requestVerifier(withoutDomains as never), 'TypeError: domains'],
  ['an empty list', server({ resources: [] }), 'TypeError: resources'],
  ['a string in place of the list', server({ resources: RESOURCE }), 'TypeError: resources'],
  ['null, which is not false', server({ resources: null }), 'TypeError: resources'],
  ['0, which is not false', server({ resources: 0 }), 'TypeError: resources'],
  ['a resource that is no URI', server({ resources: ['/notes'] }), 'TypeError: resources'],
  ['an ability that is undefined', server({ ability: undefined }), 'TypeError: ability'],
  ['revocation that is undefined', server({ revocation: undefined }), 'TypeError: revocation'],
  ['revocation without isRevoked', server({ revocation: {} }), 'TypeError: revocation'],
  ['replay that is undefined', middleware({ replay: undefined }), 'TypeError: replay'],
  ['replay that is null', middleware({ replay: null }), 'TypeError: replay'],
  ['replay that is true', middleware({ replay: true }), 'TypeError: replay'],
  ['a misspelt option', middleware({ revoked: memoryRevocation() }), 'TypeError: revoked'],
  ['an infinite maxAgeSecs', middleware({ maxAgeSecs: Number.POSITIVE_INFINITY }), 'TypeError: maxAgeSecs'],
  ['an infinite maxBodyBytes', middleware({ maxBodyBytes: Number.NaN }), 'TypeError: maxBodyBytes'],
  [
    'inherited options, in verifyRequest',
    async () => {
      const inherited: object = Object.create({ revocation: memoryRevocation() })
      return verifyRequest(
        await signer.sign(post()),
        Object.assign(inherited, careful, { replay: false as const }),
      )
    },
    'TypeError: options',
  ],
])

tryAttacks('an authority that clients never spell so', [
  ['a scheme', server({ authority: 'https://api.example.com' }), 'TypeError: authority'],
  ['a path', server({ authority: 'api.example.com/v1' }), 'TypeError: authority'],
  ['upper case', server({ authority: 'API.example.com' }), 'TypeError: authority'],
  ['a wildcard', server({ authority: '*.example.com' }), 'TypeError: authority'],
  ['the default port', server({ authority: 'api.example.com:443' }), 'TypeError: authority'],
  ['nothing', server({ authority: '' }), 'TypeError: authority'],
  ['an empty list', server({ authority: [] }), 'TypeError: authority'],
  ['the host of a URL that is not set', server({ authority: undefined }), 'TypeError: authority'],
])

/** The server's verdict on a request. */
const send =
  (make: () => Request | Promise<Request>, options: Partial<RequestVerifierOptions> = {}) =>
  async (): Promise<unknown> =>
    requestVerifier({ ...careful, ...options })(await make())
const byURL = { resources: ({ url }: Request) => [url] }
const byArgument = { resources: (_: Request, { href }: URL) => [href] }
const toAccount = (changes: Parameters<typeof altered>[1]) => async (): Promise<Request> =>
  altered(await uploader.sign(new Request(ACCOUNT_URL, { method: 'DELETE' })), changes)

tryAttacks('a capability for https://uploads.example.com/* that would delete the account', [
  [
    'with the other host in the request’s URL',
    send(toAccount({ url: 'https://uploads.example.com/account' }), byURL),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'the same, with a resources function',
    send(toAccount({ url: 'https://uploads.example.com/account' }), byArgument),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'with another scheme',
    send(toAccount({ url: 'http://uploads.example.com/account' }), byURL),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'with another port',
    send(toAccount({ url: 'https://uploads.example.com:8443/account' }), byURL),
    'ERR_CAPABILITY_RESOURCES',
  ],
  ['unchanged', send(toAccount({}), byURL), 'ERR_CAPABILITY_RESOURCES'],
  [
    'signed for the other server',
    send(
      async () =>
        altered(await uploader.sign(new Request('https://uploads.example.com/account')), {
          url: ACCOUNT_URL,
        }),
      byURL,
    ),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'with a fragment',
    send(toAccount({ url: `${ACCOUNT_URL}#@uploads.example.com` }), byURL),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'on a server with both authorities',
    send(toAccount({ url: 'https://uploads.example.com/account' }), {
      ...byURL,
      authority: ['api.example.com', 'uploads.example.com'],
    }),
    'ERR_CAPABILITY_RESOURCES',
  ],
])

const typed = (type: string) => async (): Promise<Request> =>
  altered(
    await signer.sign(new Request(post('{"to":"me"}'), { headers: { 'content-type': 'application/json' } })),
    {
      headers: { 'content-type': type },
    },
  )

tryAttacks('a signed request that was changed', [
  ['(unchanged)', send(typed('application/json')), 'accepted'],
  ['another content type', send(typed('application/x-www-form-urlencoded')), 'ERR_REQUEST_SIGNATURE'],
  ['another charset', send(typed('application/json;charset=utf-7')), 'ERR_REQUEST_SIGNATURE'],
  ['another letter case of the content type', send(typed('application/JSON')), 'ERR_REQUEST_SIGNATURE'],
  ['two types', send(typed('application/json, text/plain')), 'ERR_REQUEST_SIGNATURE'],
  [
    'another body',
    send(async () => altered(await signer.sign(post()), { body: 'Buy gold' })),
    'ERR_REQUEST_DIGEST',
  ],
  [
    'another method',
    send(async () => altered(await signer.sign(post()), { method: 'PUT' })),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'another path',
    send(async () => altered(await signer.sign(post()), { url: 'https://api.example.com/notes/2?page=1' })),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'the previous profile’s tag',
    send(async () => {
      const signed = await signer.sign(post())
      const input = signed.headers.get('signature-input')?.replace('cacao-session-2', 'cacao-session') ?? ''
      return altered(signed, { headers: { 'signature-input': input } })
    }),
    'ERR_REQUEST_SIGNATURE',
  ],
])

/** The outcome of the second request, or of later ones. */
const twice =
  (
    options: Partial<RequestVerifierOptions>,
    again: (request: Request) => Promise<Request> = async (r) => r,
  ) =>
  async (): Promise<unknown> => {
    const verify = requestVerifier({ ...careful, ...options })
    const request = await signer.sign(post())
    await verify(request.clone())
    return verify(await again(request))
  }

tryAttacks('a request that was captured', [
  ['sent again', twice({}), 'ERR_REQUEST_REPLAYED'],
  ['sent again to a server without a cache of capabilities', twice({ cacheSize: 0 }), 'ERR_REQUEST_REPLAYED'],
  [
    'sent again with an unsigned header',
    twice({}, async (r) => altered(r, { headers: { 'x-again': '1' } })),
    'ERR_REQUEST_REPLAYED',
  ],
  [
    'with another nonce',
    twice({}, async (r) =>
      altered(r, {
        headers: {
          'signature-input': (r.headers.get('signature-input') ?? '').replace(/(?<=nonce=")./, (first) =>
            first === '_' ? '-' : '_',
          ),
        },
      }),
    ),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['(sent again with replay: false)', twice({ replay: false }), 'accepted'],
  [
    'sent again after the clock was set back',
    async () => {
      const clock = testClock(NOW)
      const verify = requestVerifier({ ...careful, now: clock.now, replay: memoryReplay({ now: clock.now }) })
      const request = await signer.sign(post())
      await verify(request.clone())
      clock.advance(420)
      await verify(await signer.sign(post(), clock.now()))
      clock.set(NOW)
      return verify(request)
    },
    'ERR_REQUEST_STALE',
  ],
  [
    'sent after its expiry and the clock skew',
    send(async () => signer.sign(post(), NOW - 361_000)),
    'ERR_REQUEST_STALE',
  ],
  ['signed for tomorrow', send(async () => signer.sign(post(), NOW + 86_400_000)), 'ERR_REQUEST_STALE'],
  [
    'to a replay store that returns undefined',
    send(() => signer.sign(post()), { replay: { use: () => undefined as never } }),
    'ERR_STORE_UNAVAILABLE',
  ],
  [
    'to a replay store that returns a truthy value',
    send(() => signer.sign(post()), { replay: { use: () => 1 as never } }),
    'ERR_STORE_UNAVAILABLE',
  ],
])

const under = (
  changes: Record<string, unknown>,
  walletKey?: string,
  options: Partial<RequestVerifierOptions> = {},
) => send(async () => (await testSigner('P-256', changes, walletKey)).sign(post()), options)

tryAttacks('an insufficient capability', [
  ['(a sufficient capability)', under({}), 'accepted'],
  ['signed by another wallet', under({}, KEY_B), 'ERR_CAPABILITY_SIGNATURE'],
  ['of another account', under({ iss: `did:pkh:${ACCOUNT_B}` }), 'ERR_CAPABILITY_SIGNATURE'],
  ['of another domain', under({ domain: 'evil.example.com' }), 'ERR_CAPABILITY_DOMAIN'],
  [
    'of a domain that only resembles a preview',
    under({ domain: 'preview-evil.example.com' }, undefined, {
      domains: (domain) => /^preview-[0-9a-f]{8}\.example\.com$/.test(domain),
    }),
    'ERR_CAPABILITY_DOMAIN',
  ],
  [
    '(of a preview domain)',
    under({ domain: 'preview-0123abcd.example.com' }, undefined, {
      domains: (domain) => /^preview-[0-9a-f]{8}\.example\.com$/.test(domain),
    }),
    'accepted',
  ],
  [
    'for another resource',
    under({ resources: ['https://api.example.com/other/*'] }),
    'ERR_CAPABILITY_RESOURCES',
  ],
  ['without resources', under({ resources: undefined }), 'ERR_CAPABILITY_RESOURCES'],
  [
    'if the resources function returns undefined',
    under({}, undefined, { resources: () => undefined as never }),
    'TypeError: the',
  ],
  [
    'if the resources function returns an empty list',
    under({}, undefined, { resources: () => [] }),
    'TypeError: the',
  ],
  [
    'granted to another key',
    send(async () => signRequest(post(), { key: (await testSigner()).key, cacao: signer.cacao }, NOW)),
    'ERR_CAPABILITY_AUDIENCE',
  ],
  [
    'revoked',
    async () => {
      const revocation = memoryRevocation()
      await revocation.revoke(signer.cacao)
      return requestVerifier({ ...careful, revocation })(await signer.sign(post()))
    },
    'ERR_CAPABILITY_REVOKED',
  ],
])

/** Expects a refusal before any expensive check. */
const cheaply = (
  code: SessionErrorCode,
  make: () => Promise<Request>,
  options: Partial<RequestVerifierOptions> = {},
) =>
  [
    `refused with ${code}`,
    async () => {
      const request = await make()
      const dear = (): never => {
        throw new Error('it asked somebody')
      }
      return requestVerifier({
        ...careful,
        ...options,
        verifiers: { eip191: dear, eip1271: dear },
        replay: { use: dear },
        revocation: { isRevoked: dear },
      })(request)
    },
    code,
  ] as const
const contract = (changes: Record<string, unknown>) => async (): Promise<Request> => {
  const { key, cacao } = await testSigner('P-256', changes)
  return signRequest(post(), { key, cacao: { ...cacao, s: { t: 'eip1271', s: '0x00' } } }, NOW)
}

tryAttacks('an insufficient capability that would cause an RPC call', [
  cheaply(
    'ERR_CAPABILITY_EXPIRED',
    async () => (await testSigner('P-256', { exp: '2026-01-31T12:00:20Z' })).sign(post()),
    { now: () => NOW + 30_000 },
  ),
  cheaply('ERR_CAPABILITY_DOMAIN', contract({ domain: 'evil.example.com' })),
  cheaply('ERR_CAPABILITY_RESOURCES', contract({ resources: ['https://api.example.com/other/*'] })),
  cheaply('ERR_CAPABILITY_AUDIENCE', async () =>
    signRequest(post(), { key: (await testSigner()).key, cacao: signer.cacao }, NOW),
  ),
])

const many =
  (count: number, make: (by: TestSigner) => Promise<Request>, options: Partial<RequestVerifierOptions>) =>
  async (): Promise<unknown> => {
    const verify = requestVerifier({ ...careful, ...options })
    let last: unknown
    for (let i = 0; i < count; i++) last = await verify(await make(signer))
    return last
  }

tryAttacks('a caller that would use up shared resources', [
  ['(as many requests as allowed)', many(5, (by) => by.sign(post()), { maxLiveRequests: 5 }), 'accepted'],
  ['one request more', many(6, (by) => by.sign(post()), { maxLiveRequests: 5 }), 'ERR_REQUEST_LIMIT'],
  [
    'a body above maxBodyBytes',
    send(() => signer.sign(post('x'.repeat(101))), { maxBodyBytes: 100 }),
    'ERR_REQUEST_TOO_LARGE',
  ],
  [
    '2 kB of spaces in its Signature-Input',
    send(async () => {
      const signed = await signer.sign(post())
      return altered(signed, {
        headers: { 'signature-input': `${signed.headers.get('signature-input')}${';'.padEnd(2000)}x` },
      })
    }),
    'ERR_REQUEST_SIGNATURE',
  ],
])

/** The headers that mark a response as private. */
const headersOf = async (handler: () => Response, admitted = true): Promise<string> => {
  const request = admitted ? await signer.sign(post()) : post()
  const { headers } = await requireSession(careful, handler)(request)
  return `${headers.get('vary')}; ${headers.get('cache-control')}`
}
const isPrivate =
  (handler: () => Response, expected: string, admitted?: boolean) => async (): Promise<boolean> =>
    (await headersOf(handler, admitted)) === expected

tryAttacks('a response that a cache would give to the next person', [
  ['a plain response', isPrivate(() => new Response(), 'Authorization; private, no-store'), 'accepted'],
  [
    'a response of fetch, whose headers are immutable',
    isPrivate(() => Response.redirect('https://api.example.com/'), 'Authorization; private, no-store'),
    'accepted',
  ],
  [
    'a response with its own Vary',
    isPrivate(
      () => new Response(null, { headers: { vary: 'Accept' } }),
      'Accept, Authorization; private, no-store',
    ),
    'accepted',
  ],
  [
    'a response with its own Cache-Control',
    isPrivate(
      () => new Response(null, { headers: { 'cache-control': 'private, max-age=60' } }),
      'Authorization; private, max-age=60',
    ),
    'accepted',
  ],
  ['a refusal', isPrivate(() => new Response(), 'Authorization; no-store', false), 'accepted'],
])
