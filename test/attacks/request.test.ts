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
import { tried } from './kit/tried.js'

// The door of a server that takes signed requests, by whichever function it takes them.

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

tried('a server that never said what it asks for', [
  ['(one that did)', server({}), 'accepted'],
  ['(any, on purpose)', server({ resources: false }), 'accepted'],
  ['no resources', () => requestVerifier(withoutResources as never), 'TypeError: resources'],
  [
    'no resources, in a middleware',
    () => requireSession(withoutResources as never, () => new Response()),
    'TypeError: resources',
  ],
  ['no resources, on Hono', () => honoSession(withoutResources as never), 'TypeError: resources'],
  [
    'no resources, for one request',
    async () => verifyRequest(await signer.sign(post()), { ...withoutResources, replay: false } as never),
    'TypeError: resources',
  ],
  [
    'no replay, for one request',
    async () => verifyRequest(await signer.sign(post()), careful as never),
    'TypeError: replay',
  ],
  [
    'replay that got lost, for one request',
    async () => verifyRequest(await signer.sign(post()), { ...careful, replay: undefined } as never),
    'TypeError: replay',
  ],
  [
    '(no replay on purpose, for one request)',
    async () => verifyRequest(await signer.sign(post()), { ...careful, replay: false }),
    'accepted',
  ],
  ['no sites', () => requestVerifier(withoutDomains as never), 'TypeError: domains'],
  ['an empty list', server({ resources: [] }), 'TypeError: resources'],
  ['a text for the list', server({ resources: RESOURCE }), 'TypeError: resources'],
  ['null, which is not false', server({ resources: null }), 'TypeError: resources'],
  ['0, which is not false', server({ resources: 0 }), 'TypeError: resources'],
  ['what is no URI', server({ resources: ['/notes'] }), 'TypeError: resources'],
  ['an ability that is undefined', server({ ability: undefined }), 'TypeError: ability'],
  ['revocation that is undefined', server({ revocation: undefined }), 'TypeError: revocation'],
  ['revocation that answers nothing', server({ revocation: {} }), 'TypeError: revocation'],
  ['replay that is undefined', middleware({ replay: undefined }), 'TypeError: replay'],
  ['replay that is null', middleware({ replay: null }), 'TypeError: replay'],
  ['replay that is true', middleware({ replay: true }), 'TypeError: replay'],
  ['an option that nobody knows', middleware({ revoked: memoryRevocation() }), 'TypeError: revoked'],
  ['a time without end', middleware({ maxAgeSecs: Number.POSITIVE_INFINITY }), 'TypeError: maxAgeSecs'],
  ['a body without end', middleware({ maxBodyBytes: Number.NaN }), 'TypeError: maxBodyBytes'],
  [
    'a check that is inherited, for one request',
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

tried('a server by a name that no client writes so', [
  ['a scheme', server({ authority: 'https://api.example.com' }), 'TypeError: authority'],
  ['a path', server({ authority: 'api.example.com/v1' }), 'TypeError: authority'],
  ['upper case', server({ authority: 'API.example.com' }), 'TypeError: authority'],
  ['a wildcard', server({ authority: '*.example.com' }), 'TypeError: authority'],
  ['the default port', server({ authority: 'api.example.com:443' }), 'TypeError: authority'],
  ['nothing', server({ authority: '' }), 'TypeError: authority'],
  ['an empty list', server({ authority: [] }), 'TypeError: authority'],
  ['the name from a URL that isn’t set', server({ authority: undefined }), 'TypeError: authority'],
])

/** What a server makes of a request. */
const send =
  (make: () => Request | Promise<Request>, options: Partial<RequestVerifierOptions> = {}) =>
  async (): Promise<unknown> =>
    requestVerifier({ ...careful, ...options })(await make())
const byURL = { resources: ({ url }: Request) => [url] }
const byArgument = { resources: (_: Request, { href }: URL) => [href] }
const toAccount = (changes: Parameters<typeof altered>[1]) => async (): Promise<Request> =>
  altered(await uploader.sign(new Request(ACCOUNT_URL, { method: 'DELETE' })), changes)

tried('a capability for https://uploads.example.com/* that is to delete the account', [
  [
    'by the host that the request names',
    send(toAccount({ url: 'https://uploads.example.com/account' }), byURL),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'the same, with a function of the URL',
    send(toAccount({ url: 'https://uploads.example.com/account' }), byArgument),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'by another scheme',
    send(toAccount({ url: 'http://uploads.example.com/account' }), byURL),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'by another port',
    send(toAccount({ url: 'https://uploads.example.com:8443/account' }), byURL),
    'ERR_CAPABILITY_RESOURCES',
  ],
  ['as it is', send(toAccount({}), byURL), 'ERR_CAPABILITY_RESOURCES'],
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
    'where the server has both names',
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

tried('the bytes that were signed, as another message', [
  ['(as they were sent)', send(typed('application/json')), 'accepted'],
  ['another type', send(typed('application/x-www-form-urlencoded')), 'ERR_REQUEST_SIGNATURE'],
  ['another charset', send(typed('application/json;charset=utf-7')), 'ERR_REQUEST_SIGNATURE'],
  ['another case', send(typed('application/JSON')), 'ERR_REQUEST_SIGNATURE'],
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
    'the profile of before, by its tag',
    send(async () => {
      const signed = await signer.sign(post())
      const input = signed.headers.get('signature-input')?.replace('cacao-session-2', 'cacao-session') ?? ''
      return altered(signed, { headers: { 'signature-input': input } })
    }),
    'ERR_REQUEST_SIGNATURE',
  ],
])

/** The outcome of the second time, or of what comes after. */
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

tried('a request that was captured', [
  ['sent again', twice({}), 'ERR_REQUEST_REPLAYED'],
  [
    'sent again to a server that remembers nothing of capabilities',
    twice({ cacheSize: 0 }),
    'ERR_REQUEST_REPLAYED',
  ],
  [
    'sent again with a header that nobody signs',
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
  ['(sent again where that is allowed)', twice({ replay: false }), 'accepted'],
  [
    'sent again when the clock was set back',
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
    'kept for longer than clocks may differ',
    send(async () => signer.sign(post(), NOW - 361_000)),
    'ERR_REQUEST_STALE',
  ],
  ['made for tomorrow', send(async () => signer.sign(post(), NOW + 86_400_000)), 'ERR_REQUEST_STALE'],
  [
    'to a store that says nothing',
    send(() => signer.sign(post()), { replay: { use: () => undefined as never } }),
    'ERR_STORE_UNAVAILABLE',
  ],
  [
    'to a store that says something like yes',
    send(() => signer.sign(post()), { replay: { use: () => 1 as never } }),
    'ERR_STORE_UNAVAILABLE',
  ],
])

const under = (
  changes: Record<string, unknown>,
  walletKey?: string,
  options: Partial<RequestVerifierOptions> = {},
) => send(async () => (await testSigner('P-256', changes, walletKey)).sign(post()), options)

tried('a capability that isn’t one for this', [
  ['(one that is)', under({}), 'accepted'],
  ['signed by another wallet', under({}, KEY_B), 'ERR_CAPABILITY_SIGNATURE'],
  ['of another account', under({ iss: `did:pkh:${ACCOUNT_B}` }), 'ERR_CAPABILITY_SIGNATURE'],
  ['of another site', under({ domain: 'evil.example.com' }), 'ERR_CAPABILITY_DOMAIN'],
  [
    'of a preview that is none',
    under({ domain: 'preview-evil.example.com' }, undefined, {
      domains: (domain) => /^preview-[0-9a-f]{8}\.example\.com$/.test(domain),
    }),
    'ERR_CAPABILITY_DOMAIN',
  ],
  [
    '(of a preview)',
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
  ['for nothing', under({ resources: undefined }), 'ERR_CAPABILITY_RESOURCES'],
  [
    'where the function of the request forgets a case',
    under({}, undefined, { resources: () => undefined as never }),
    'TypeError: the',
  ],
  [
    'where the function of the request has an empty list',
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

/** As the server refuses it, without having looked at anything dear. */
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

tried('a useless capability that is to cost an RPC', [
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

tried('one caller who is to fill what is there for all', [
  ['(as many as one may send)', many(5, (by) => by.sign(post()), { maxLiveRequests: 5 }), 'accepted'],
  ['one request more', many(6, (by) => by.sign(post()), { maxLiveRequests: 5 }), 'ERR_REQUEST_LIMIT'],
  [
    'a body of more bytes than are read',
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

/** What tells caches whose an answer is. */
const headersOf = async (handler: () => Response, admitted = true): Promise<string> => {
  const request = admitted ? await signer.sign(post()) : post()
  const { headers } = await requireSession(careful, handler)(request)
  return `${headers.get('vary')}; ${headers.get('cache-control')}`
}
const isPrivate =
  (handler: () => Response, expected: string, admitted?: boolean) => async (): Promise<boolean> =>
    (await headersOf(handler, admitted)) === expected

tried('an answer that a cache is to give to the next person', [
  ['a plain one', isPrivate(() => new Response(), 'Authorization; private, no-store'), 'accepted'],
  [
    'one of fetch, whose headers can’t be changed',
    isPrivate(() => Response.redirect('https://api.example.com/'), 'Authorization; private, no-store'),
    'accepted',
  ],
  [
    'one that says what it varies by',
    isPrivate(
      () => new Response(null, { headers: { vary: 'Accept' } }),
      'Accept, Authorization; private, no-store',
    ),
    'accepted',
  ],
  [
    'one that chose another caching',
    isPrivate(
      () => new Response(null, { headers: { 'cache-control': 'private, max-age=60' } }),
      'Authorization; private, max-age=60',
    ),
    'accepted',
  ],
  ['a refusal', isPrivate(() => new Response(), 'Authorization; no-store', false), 'accepted'],
])
