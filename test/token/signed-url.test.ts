import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier, verifyRequest } from '../../src/http/verify-request.js'
import { requireSession } from '../../src/middleware/fetch.js'
import type { RequireSessionOptions } from '../../src/middleware/guard.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { type SignURLOptions, signURL } from '../../src/token/create-token.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { accepting, acceptingOnce, NOW, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const PHOTO = 'https://api.example.com/notes/photo.jpg?size=2&size=3'
let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

const sign = (
  url: string | URL = PHOTO,
  options: SignURLOptions = {},
  by = signer,
  now = NOW,
): Promise<string> => signURL(by, url, options, () => now)
const options = { ...accepting, signedURLs: true }

describe('signURL', () => {
  it.each([
    ['https://api.example.com/notes/1', '?'],
    ['https://api.example.com/notes/1?a=b', '&'],
    ['https://api.example.com/notes/1?', '&'],
    ['https://api.example.com/notes/%2F/ü', '?'],
    ['https://api.example.com', '?'],
  ])('adds one parameter to %s, at its end', async (url, delimiter) => {
    const signed = await sign(url)
    const { href } = new URL(url)
    expect(signed.slice(0, href.length + 17)).toBe(`${href}${delimiter}cacao-signature=`)
    expect(signed.slice(href.length + 17)).toMatch(/^[-\w.]+$/)
    expect(new URL(signed).href).toBe(signed)
    expect((await verifyRequest(new Request(signed), { ...acceptingOnce, signedURLs: true })).url).toBe(href)
  })

  it("has the characters percent-encoded that a URI can't contain", async () => {
    const signed = await sign('https://api.example.com/notes/a|b?filter[id]=1#[x]')
    expect(signed).toMatch(
      /^https:\/\/api\.example\.com\/notes\/a%7Cb\?filter%5Bid%5D=1&cacao-signature=[-\w.]+#\[x\]$/,
    )
    const [sent = ''] = signed.split('#')
    expect((await requestVerifier(options)(new Request(sent))).url).toBe(
      'https://api.example.com/notes/a%7Cb?filter%5Bid%5D=1',
    )
  })

  it('keeps the fragment at the end, where a page or a player reads it', async () => {
    const signed = await sign('https://api.example.com/notes/film.mp4#t=10')
    expect(signed).toMatch(/\?cacao-signature=[-\w.]+#t=10$/)
    const [sent = ''] = signed.split('#')
    expect((await requestVerifier(options)(new Request(sent))).url).toBe(
      'https://api.example.com/notes/film.mp4',
    )
  })

  it('signs only for origins of the session’s resources, or listed ones', async () => {
    await expectCode('ERR_CAPABILITY_RESOURCES', () => sign('https://evil.example.com/notes/1'))
    await expectCode('ERR_CAPABILITY_RESOURCES', () => sign('http://api.example.com/notes/1'))
    await sign('https://files.example.com/1', { origins: ['https://files.example.com'] })
    const anywhere = await testSigner('P-256', { resources: ['https://*'] })
    await sign('https://evil.example.com/notes/1', {}, anywhere)
    const nowhere = await testSigner('P-256', { resources: ['ceramic://*'] })
    await expectCode('ERR_CAPABILITY_RESOURCES', () => sign(PHOTO, {}, nowhere))
  })

  it('signs nothing after the session’s expiry', async () => {
    const short = await testSigner('P-256', { exp: new Date(NOW + 30_000).toISOString() })
    const { expires } = await requestVerifier(options)(new Request(await sign(PHOTO, {}, short)))
    expect(expires).toEqual(new Date(NOW + 30_000))
    await expectCode('ERR_CAPABILITY_EXPIRED', () => sign(PHOTO, {}, short, NOW + 30_000))
  })

  it.each<[string, string, object]>([
    ['another scheme', 'ftp://api.example.com/1', {}],
    ['no URL', 'https://', {}],
    ['credentials', 'https://a:b@api.example.com/1', {}],
    ['a URL that is already signed', `${PHOTO}&cacao-signature=x`, {}],
    ['a URL that is already signed, with another encoding', `${PHOTO}&CACAO%2dsignature=x`, {}],
    ['a lifetime of zero', PHOTO, { expiresInSecs: 0 }],
    ['a lifetime of more than an hour', PHOTO, { expiresInSecs: 3601 }],
    ['an undefined lifetime', PHOTO, { expiresInSecs: undefined }],
    ['an origin with a path', PHOTO, { origins: ['https://a.example/b'] }],
    ['an option that there is not', PHOTO, { method: 'POST' }],
  ])('throws a TypeError for %s', async (_, url, given) => {
    expect(await failureOf(() => sign(url, given))).toBeInstanceOf(TypeError)
  })
})

describe('a request for a signed URL', () => {
  it('returns the caller', async () => {
    const caller = await requestVerifier(options)(new Request(await sign()))
    expect(caller).toMatchObject({
      account: ACCOUNT_A,
      keyDID: signer.key.did,
      url: PHOTO,
      created: new Date(NOW),
      expires: new Date(NOW + 60_000),
      isSignedURL: true,
    })
    const signed = await requestVerifier(options)(await signer.sign(new Request(PHOTO)))
    expect('isSignedURL' in signed).toBe(false)
  })

  it('is refused without the option signedURLs', async () => {
    const url = await sign()
    await expectCode('ERR_REQUEST_UNSIGNED', () => requestVerifier(accepting)(new Request(url)))
    await expectCode('ERR_REQUEST_UNSIGNED', () =>
      requestVerifier({ ...options, signedURLs: false })(new Request(url)),
    )
    expect(() => requestVerifier({ ...options, signedURLs: 'yes' as unknown as true })).toThrow(TypeError)
  })

  it('is accepted repeatedly, as a player sends it, until it expires', async () => {
    let now = NOW
    const verify = requestVerifier({ ...options, now: () => now, clockSkewSecs: 0, maxAgeSecs: 1 })
    const url = await sign()
    for (const [secs, method] of [
      [0, 'HEAD'],
      [1, 'GET'],
      [59, 'GET'],
    ] as const) {
      now = NOW + secs * 1000
      await verify(new Request(url, { method, headers: { range: 'bytes=0-1' } }))
    }
    now = NOW + 60_000
    await expectCode('ERR_REQUEST_STALE', () => verify(new Request(url)))
  })

  it('uses up no replay entry', async () => {
    const used: string[] = []
    const { use } = memoryReplay({ now: () => NOW })
    const replay = { use: (id: string, at: number) => used.push(id) > 0 && use(id, at) }
    const verify = requestVerifier({ ...options, replay, maxLiveRequests: 1 })
    const url = await sign()
    await verify(new Request(url))
    await verify(new Request(url))
    expect(used).toEqual([])
    await verify(await signer.sign(new Request(PHOTO)))
    expect(used).toHaveLength(1)
  })

  it('is refused once its session is revoked', async () => {
    const revocation = memoryRevocation({ now: () => NOW })
    const verify = requestVerifier({ ...options, revocation })
    const url = await sign()
    await verify(new Request(url))
    await revocation.revoke(signer.cacao)
    await expectCode('ERR_CAPABILITY_REVOKED', () => verify(new Request(url)))
  })

  it('is passed to the resources function without its signature', async () => {
    const seen: string[] = []
    const verify = requestVerifier({
      ...options,
      resources(request, url) {
        seen.push(request.url, url.href)
        return [`${url.origin}${url.pathname}`]
      },
    })
    await verify(new Request(await sign()))
    expect(seen).toEqual([PHOTO, PHOTO])
    const elsewhere = await sign('https://api.example.com/other')
    await expectCode('ERR_CAPABILITY_RESOURCES', () => verify(new Request(elsewhere)))
  })

  it('fits each authority of the server, and its base path', async () => {
    const verify = requestVerifier({
      ...options,
      authority: ['www.example.com', 'api.example.com'],
      basePath: '/notes',
    })
    const url = (await sign()).replace('https://api.example.com/notes', 'https://10.0.0.1')
    expect((await verify(new Request(url))).url).toBe(PHOTO)
    const error = await expectCode('ERR_REQUEST_SIGNATURE', () =>
      requestVerifier({ ...options, authority: 'www.example.com' })(new Request(url)),
    )
    expect(error.message).toContain(
      'its URL was signed as //api.example.com/notes/photo.jpg, but it was received as //',
    )
  })
})

const servers: readonly (readonly [
  string,
  (
    options: RequireSessionOptions,
    headers?: Record<string, string>,
  ) => (request: Request) => Response | Promise<Response>,
])[] = [
  [
    'a fetch handler',
    (given, headers) =>
      requireSession(given, (request, { url }) => Response.json([request.url, url], headers && { headers })),
  ],
  [
    'Hono',
    (given, headers = {}) => {
      const app = new Hono().use('*', honoSession(given)).get('*', (c) => {
        for (const [name, value] of Object.entries(headers)) c.header(name, value)
        return c.json([c.req.url, c.var.caller.url, ...(c.req.query('cacao-signature') ?? [])])
      })
      return (request) => app.request(request)
    },
  ],
]

describe.each(servers)('%s with signedURLs', (_, serve) => {
  it('gets the URL without the signature', async () => {
    const response = await serve(options)(new Request(await sign()))
    expect(await response.json()).toEqual([PHOTO, PHOTO])
  })

  it('marks the response as private and without referrer, whatever the handler sets', async () => {
    const headers = { 'cache-control': 'public, max-age=60', 'referrer-policy': 'unsafe-url' }
    for (const server of [serve(options), serve(options, headers)]) {
      const response = await server(new Request(await sign()))
      expect(response.headers.get('cache-control')).toBe('private, no-store')
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  it('leaves those headers to the handler for signed requests', async () => {
    const headers = { 'cache-control': 'private, max-age=60' }
    const response = await serve(options, headers)(await signer.sign(new Request(PHOTO)))
    expect(response.headers.get('cache-control')).toBe('private, max-age=60')
    expect(response.headers.get('referrer-policy')).toBe(null)
  })

  it('refuses a changed URL with a response that is not cached', async () => {
    const changed = (await sign()).replace('size=2', 'size=9')
    const response = await serve({ ...options, debug: false })(new Request(changed))
    expect(response.status).toBe(401)
    expect(await response.json()).toEqual({ code: 'ERR_REQUEST_SIGNATURE' })
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})
