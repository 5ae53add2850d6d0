import { beforeAll, describe, expect, it, vi } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import { verifyKeySignature } from '../../src/key/verify.js'
import { requireSession } from '../../src/middleware/fetch.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { accepting, altered, post, type TestSigner, testSigner } from '../setup/request-signer.js'

// The authorities and the base path by which clients reach a server behind a proxy.

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

/** Signed for the first URL, and received at the second. */
const sent = async (signedFor: string, receivedAt: string, headers = {}): Promise<Request> =>
  altered(await signer.sign(post('x', signedFor)), { url: receivedAt, headers })

describe('a server with several authorities', () => {
  const names = ['api.example.com', 'api.example.org', 'localhost:3000']
  const verify = () => requestVerifier({ ...accepting, authority: names })

  it.each(names)('accepts requests signed for %s, whatever Host a proxy sends', async (name) => {
    const scheme = name.startsWith('localhost') ? 'http' : 'https'
    for (const host of [
      'https://10.0.0.7:8080',
      'http://backend',
      ...names.map((each) => `https://${each}`),
    ]) {
      const { url } = await verify()(await sent(`${scheme}://${name}/notes?page=1`, `${host}/notes?page=1`))
      expect(new URL(url).host).toBe(name)
    }
  })

  it('refuses requests signed for another authority', async () => {
    for (const host of ['evil.example', ...names])
      await expectCode('ERR_REQUEST_SIGNATURE', async () =>
        verify()(
          await sent('https://evil.example/notes', `https://${host}/notes`, {
            'x-forwarded-host': 'evil.example',
          }),
        ),
      )
  })

  it('first tries the authority that the request or its proxy names, with a default port too', async () => {
    for (const [url, headers] of [
      ['https://api.example.org/notes', {}],
      ['http://backend/notes', { 'x-forwarded-host': 'API.Example.org' }],
      ['http://backend/notes', { 'x-forwarded-host': 'edge.example, api.example.org:443' }],
      ['http://backend/notes', { 'x-forwarded-host': 'api.example.org:80' }],
    ] as const) {
      const verifyOnce = vi.fn(verifyKeySignature)
      await requestVerifier({ ...accepting, authority: names, verifyKeySignature: verifyOnce })(
        await sent('https://api.example.org/notes', url, headers),
      )
      expect(verifyOnce).toHaveBeenCalledTimes(1)
    }
  })

  it('verifies at most 8 signatures of a forged request, and first those of named authorities', async () => {
    const many = Array.from({ length: 20 }, (_, i) => `api${i}.example.com`)
    const counted = vi.fn(verifyKeySignature)
    const judge = requestVerifier({ ...accepting, authority: many, verifyKeySignature: counted })
    await expectCode('ERR_REQUEST_SIGNATURE', async () =>
      judge(await sent('https://evil.example/notes', 'https://evil.example/notes')),
    )
    expect(counted).toHaveBeenCalledTimes(8)
    await judge(await sent('https://api19.example.com/notes', 'https://api19.example.com/notes'))
  })
})

describe('a server whose proxy removes a base path', () => {
  const verify = () => requestVerifier({ ...accepting, basePath: '/app' })

  it.each([
    ['/app/notes?page=1', '/notes?page=1'],
    ['/app/app/notes', '/app/notes'],
    ['/app', '/'],
    ['/app/', '/'],
    ['/app?page=1', '/?page=1'],
  ])('accepts a request for %s, received as %s', async (signedFor, received) => {
    const { url } = await verify()(
      await sent(`https://api.example.com${signedFor}`, `http://backend${received}`),
    )
    expect(url).toBe(`https://api.example.com${signedFor}`)
  })

  it.each([
    ['/notes', '/notes'],
    ['/app/notes', '/app/notes'],
    ['/other/notes', '/notes'],
    ['/app/notes', '/notes/'],
    ['/appnotes', '/notes'],
  ])('refuses a request for %s, received as %s', async (signedFor, received) => {
    await expectCode('ERR_REQUEST_SIGNATURE', async () =>
      verify()(await sent(`https://api.example.com${signedFor}`, `http://backend${received}`)),
    )
  })

  it('passes the client’s URL to the resources function and the handler', async () => {
    const urls: string[] = []
    const handle = requireSession(
      {
        ...accepting,
        basePath: '/app',
        resources: (request, { href }) => {
          urls.push(request.url, href)
          return false
        },
      },
      ({ url }) => Response.json(url),
    )
    const response = await handle(await sent('https://api.example.com/app/notes', 'http://backend/notes'))
    urls.push(await response.json())
    expect(urls).toEqual(Array(3).fill('https://api.example.com/app/notes'))
  })

  it('leaves the body readable in the request that requestVerifier was given', async () => {
    const check = requestVerifier({ ...accepting, basePath: '/app', resources: () => false as const })
    const signed = await signer.sign(post('Buy cacao beans', 'https://api.example.com/app/notes'))
    const received = new Request('http://backend/notes', {
      method: 'POST',
      headers: signed.headers,
      body: await signed.text(),
    })
    await check(received)
    expect(await received.text()).toBe('Buy cacao beans')
  })

  it.each([
    '',
    '/',
    'app',
    '/app/',
    '//app',
    '/a/../b',
    '/a b',
    '/app?x',
    '/app#x',
    '/ä',
    1,
    null,
    undefined,
  ])('throws a TypeError if basePath is %j', async (basePath) => {
    const failure = await failureOf(async () => requestVerifier({ ...accepting, basePath } as never))
    expect(failure).toMatchObject({ name: 'TypeError', message: expect.stringContaining('basePath') })
  })
})
