import { beforeAll, describe, expect, it } from 'vitest'
import { authorizationOf } from '../../src/http/signature-profile.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { requireSession } from '../../src/middleware/fetch.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { accepting, NOW, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { profileInput, signWire } from '../setup/sign-wire.js'

// A server that requires the request's own URL as a resource: a client must not be able to cause a server error through the
// URL.

const NONCE = 'A'.repeat(22)
const API = 'https://api.example.com'
let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner('P-256', { resources: [`${API}/notes/*`] })
})
/** A request that a client signed with its URL as it is: ours percent-encodes what URIs do not allow. */
async function signedAsItIs(path: string): Promise<Request> {
  const { key, cacao } = signer
  const wire = {
    method: 'POST',
    target: path,
    host: 'api.example.com',
    headers: [['authorization', authorizationOf(cacao)]] as const,
    body: new Uint8Array(),
  }
  const { headers } = await signWire(wire, profileInput(key, false, NOW / 1000, NONCE), key)
  return new Request(API + path, { method: 'POST', headers: headers.map(([...field]) => field) })
}

const byURL = (_: Request, url: URL): string[] => [url.href]
const byAbility = (_: Request, url: URL) => ({ ability: 'notes/write', resource: url.href })

describe.each([
  ['a dot segment that URLs leave as it is', '/notes/..;/admin'],
  ['a dot segment that is encoded twice', '/notes/%252e%252e/admin'],
  ['an encoded slash beside dots', '/notes/..%2fadmin'],
  ['an encoded backslash beside dots', '/notes/..%5Cadmin'],
  ['a dot segment beside what URIs do not allow', '/notes/..;/a|b'],
  ['half an escape', '/notes/100%'],
])('a request with %s', (_, path) => {
  // Engines normalize different parts of a URL.
  it.skipIf(new URL(API + path).href !== API + path)(
    'is refused as not covered, and is no server error',
    async () => {
      const request = await signedAsItIs(path)
      await requestVerifier({ ...accepting, resources: false })(request)
      expect(request.url).toBe(API + path)
      for (const options of [{ resources: byURL }, { resources: false as const, ability: byAbility }])
        await expectCode('ERR_CAPABILITY_RESOURCES', () =>
          requestVerifier({ ...accepting, ...options })(request),
        )
      const handle = requireSession({ ...accepting, resources: byURL }, async () => new Response())
      expect((await handle(request)).status).toBe(403)
    },
  )
})

it('a request within the granted resources is admitted', async () => {
  const verify = requestVerifier({ ...accepting, resources: byURL })
  expect((await verify(await signer.sign(post('', `${API}/notes/a;b?c=/../d`)))).url).toBe(
    `${API}/notes/a;b?c=/../d`,
  )
})

// Engines percent-encode different characters in a URL.
it.each(['/notes/a|b', '/notes/[a]', '/notes/{a}^`"', '/notes/a?filter[name]=x|y&z={}'])(
  'a request for %s is covered, although URIs have these characters only percent-encoded',
  async (target) => {
    const request = await signer.sign(post('', API + target))
    const { url } = await requestVerifier({ ...accepting, resources: byURL })(request)
    expect(url).toBe(request.url)
    const [path = ''] = url.split('?')
    await requestVerifier({ ...accepting, resources: () => [path] })(request)
    // What doesn't come from the URL stays as it is: no capability covers it.
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      requestVerifier({ ...accepting, resources: () => [`${API}/notes/b|a`] })(request),
    )
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      requestVerifier({ ...accepting, resources: () => [path.replace('/notes/', '/others/')] })(request),
    )
  },
)

it.each([`${API}:x@api.example.com/notes`, 'https://user@api.example.com/notes'])(
  'a request whose engine kept a user name in its URL, %s, is refused',
  async (url) => {
    const signed = await signer.sign(new Request(`${API}/notes`))
    const { headers, body } = signed
    // `new Request` refuses such a URL, but an engine may pass one on that it received.
    const request = { url, method: 'GET', headers, body, clone: () => signed.clone() } as Request
    const verify = requestVerifier({ ...accepting, resources: false })
    await expectCode('ERR_REQUEST_SIGNATURE', () => verify(request))
    await verify({ ...request, url: `${API}/notes` })
  },
)

it.each([
  ['nothing', () => undefined],
  ['an empty list', () => []],
  ['a string', () => `${API}/notes/1`],
  ['a list with something else', () => [1]],
])('a resources function that returns %s causes a TypeError', async (_, resources) => {
  const verify = requestVerifier({ ...accepting, resources: resources as never })
  expect(await failureOf(async () => verify(await signer.sign(post('', `${API}/notes/1`))))).toBeInstanceOf(
    TypeError,
  )
})

it('a capability for exactly the URI with percent-encoded characters covers the URL without', async () => {
  const exact = await testSigner('P-256', { resources: [`${API}/notes/a%7Cb`] })
  const verify = requestVerifier({ ...accepting, resources: byURL })
  const request = await exact.sign(post('', `${API}/notes/a|b`))
  expect((await verify(request)).url).toBe(request.url)
  const other = await exact.sign(post('', `${API}/notes/a|c`))
  await expectCode('ERR_CAPABILITY_RESOURCES', () => verify(other))
})
