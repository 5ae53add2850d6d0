import { Hono } from 'hono'
import { beforeAll, describe, expect, it } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import { requireSession } from '../../src/middleware/fetch.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { expectCode } from '../setup/expect-code.js'
import { accepting, altered, post, type TestSigner, testSigner } from '../setup/request-signer.js'

// The signed URL, the URL for `resources` and the handler's URL are the same, whatever host the client sent.

const UPLOADS = 'https://uploads.example.com/*'
let uploader: TestSigner
beforeAll(async () => {
  uploader = await testSigner('P-256', { resources: [UPLOADS] })
})
/** Signed for the API, and sent to it with another host. */
const smuggled = async (url: string, body = ''): Promise<Request> =>
  altered(await uploader.sign(post(body, 'https://api.example.com/account')), { url })
const byURL = ({ url }: Request): string[] => [url]
const any = { ...accepting, resources: false as const }

describe('a request whose URL has another host than was signed', () => {
  const OTHERS = [
    'https://uploads.example.com/account',
    'http://uploads.example.com/account',
    'https://uploads.example.com:8443/account',
  ]

  it.each(OTHERS)('is refused if that host needs other resources: %s', async (url) => {
    await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
      requestVerifier({ ...accepting, resources: byURL })(await smuggled(url)),
    )
    const byArgument = (_: Request, verified: URL): string[] => [verified.href]
    await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
      requestVerifier({ ...accepting, resources: byArgument })(await smuggled(url)),
    )
    const ability = (_: Request, verified: URL) => ({ ability: 'notes/write', resource: verified.href })
    await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
      requestVerifier({ ...any, ability })(await smuggled(url)),
    )
  })

  it.each(OTHERS)('reaches handlers with the signed URL: %s', async (url) => {
    const seen: unknown[] = []
    const handle = requireSession(any, async (request, caller) => {
      seen.push(request.url, caller.url, request.method, await request.clone().text(), request.clone().url)
      return new Response(await request.text())
    })
    const app = new Hono().use('*', honoSession(any)).all('*', async (c) => {
      seen.push(c.req.url, c.var.caller.url, c.req.method, await c.req.text(), c.req.raw.url)
      return c.text('')
    })
    const expected = 'https://api.example.com/account'
    await handle(await smuggled(url, 'ü'))
    expect(seen.splice(0)).toEqual([expected, expected, 'POST', 'ü', expected])
    await app.request(await smuggled(url, 'ü'))
    expect(seen).toEqual([expected, expected, 'POST', 'ü', expected])
  })

  it('keeps a readable body', async () => {
    for (const options of [any, { ...accepting, resources: () => [UPLOADS.replace('*', 'a')] }]) {
      const request = await smuggled('https://uploads.example.com/account', 'ü')
      const { url } = await requestVerifier(options)(request)
      expect(url).toBe('https://api.example.com/account')
      expect(await request.text()).toBe('ü')
    }
  })
})

it('a handler gets the same Request object if its URL is as signed', async () => {
  const request = await uploader.sign(post('a', 'https://api.example.com/account?'))
  await requireSession(any, (given) => {
    expect(given).toBe(request)
    return new Response()
  })(request)
  expect.assertions(1)
})

it('behind a TLS proxy the URL has https, and on localhost the scheme that was used', async () => {
  const { url } = await requestVerifier(any)(await smuggled('http://api.example.com/account'))
  expect(url).toBe('https://api.example.com/account')
  for (const authority of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'app.localhost:8080']) {
    const local = requestVerifier({ ...any, authority })
    for (const scheme of ['http', 'https'])
      expect((await local(await uploader.sign(post('x', `${scheme}://${authority}/a`)))).url).toBe(
        `${scheme}://${authority}/a`,
      )
  }
})

it('of several authorities, the signed one decides which resources are required', async () => {
  const verify = requestVerifier({
    ...accepting,
    authority: ['api.example.com', 'uploads.example.com'],
    resources: byURL,
  })
  await verify(await uploader.sign(post('x', 'https://uploads.example.com/a')))
  await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
    verify(await uploader.sign(post('x', 'https://api.example.com/a'))),
  )
  await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
    verify(await smuggled('https://uploads.example.com/account')),
  )
})

it('the content type of a body is signed too', async () => {
  const json = new Request('https://api.example.com/account', {
    method: 'POST',
    body: '{"to":"me"}',
    headers: { 'content-type': 'application/json' },
  })
  const signed = await uploader.sign(json)
  for (const type of ['text/plain', 'application/json; charset=utf-7', 'application/JSON', ''])
    await expectCode('ERR_REQUEST_SIGNATURE', async () =>
      requestVerifier(any)(await altered(signed, { headers: { 'content-type': type } })),
    )
  const without = await altered(signed, {})
  without.headers.delete('content-type')
  await expectCode('ERR_REQUEST_SIGNATURE', () => requestVerifier(any)(without))
  await requestVerifier(any)(signed)
})
