import { Hono } from 'hono'
import { beforeAll, describe, expect, vi } from 'vitest'
import { signRequest } from '../../src/http/sign-request.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { type RequireSessionOptions, requireSession } from '../../src/middleware/fetch.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { expectCode } from '../setup/expect-code.js'
import { accepting, altered, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { reported } from './reported.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

/** A request signed for one URL that arrives at another one, as behind a proxy. */
const arrives = async (signedFor: string, at: string, headers = {}): Promise<Request> =>
  altered(await signer.sign(post('x', signedFor)), { url: at, headers })

/** It is accepted, with the signed URL. */
const accepted =
  (options: Partial<RequireSessionOptions>, signedFor: string, at: string, headers = {}) =>
  async (): Promise<void> => {
    const { url } = await requestVerifier({ ...accepting, ...options })(await arrives(signedFor, at, headers))
    expect(url).toBe(signedFor)
  }
const refused =
  (options: Partial<RequireSessionOptions>, signedFor: string, at: string, headers = {}) =>
  async (): Promise<void> => {
    const request = await arrives(signedFor, at, headers)
    await expectCode('ERR_REQUEST_SIGNATURE', async () =>
      requestVerifier({ ...accepting, ...options })(request),
    )
  }

const authority = ['api.example.com', 'api.example.org']

describe('a request behind a proxy', () => {
  reported([
    {
      report: 'mastodon/mastodon#18871',
      title: 'is accepted with the proxy’s own Host, by a server with two authorities',
      test: accepted({ authority }, 'https://api.example.org/inbox', 'http://backend:3000/inbox'),
    },
    {
      report: 'seaweedfs/seaweedfs#10284',
      title: 'is accepted with a port in Host that the client did not sign',
      test: accepted({ authority }, 'https://api.example.com/o', 'http://api.example.com:8333/o'),
    },
    {
      report: 'acquia/http-hmac-go#24',
      title: 'is accepted with a default port that only the proxy writes',
      test: accepted({ authority }, 'https://api.example.org/o', 'http://backend/o', {
        'x-forwarded-host': 'api.example.org:443',
      }),
    },
    {
      report: 'omsmith/ims-lti#43',
      title: 'is accepted over http if the proxy ends TLS',
      test: accepted({}, 'https://api.example.com/launch', 'http://api.example.com/launch'),
    },
    {
      report: 'emartech/escher-php#12',
      title: 'is refused with a forwarded host that is not the server’s',
      test: refused({ authority }, 'https://evil.example/o', 'http://backend/o', {
        'x-forwarded-host': 'evil.example',
      }),
    },
  ])
})

describe('a request whose path was rewritten', () => {
  reported([
    {
      report: 'vercel/next.js#62756',
      title: 'is accepted if basePath is missing in the handler’s URL',
      test: accepted(
        { basePath: '/docs' },
        'https://api.example.com/docs/api/x?y=1',
        'http://localhost:3000/api/x?y=1',
      ),
    },
    {
      report: 'Letterbook/Letterbook#216',
      title: 'is refused if the proxy rewrites the path and basePath is not set',
      test: refused({}, 'https://api.example.com/social/inbox', 'http://backend/inbox'),
    },
    {
      report: 'honojs/hono#3839',
      title: 'is accepted by an app mounted in another one',
      async test() {
        const inner = new Hono()
          .use(honoSession({ ...accepting, basePath: '/api' }))
          .get('/notes', (c) => c.text(`${c.req.path} ${c.req.url} ${c.var.caller.url}`))
        const app = new Hono().mount('/api', inner.fetch)
        const url = 'https://api.example.com/api/notes'
        // Without a body, which Firefox loses when Hono creates the request of the inner app.
        const response = await app.fetch(await signer.sign(new Request(url)))
        expect(await response.text()).toBe(`/notes ${url} ${url}`)
      },
    },
  ])
})

describe('sites behind Basic auth', () => {
  reported([
    {
      report: 'Tmeister/wp-api-jwt-auth#291',
      title: 'a request may have Basic credentials if the capability has another header',
      async test() {
        const answer = requireSession(
          { ...accepting, capabilityHeader: 'X-Capability' },
          () => new Response(),
        )
        const request = post('x')
        request.headers.set('authorization', 'Basic dXNlcjpwYXNz')
        const now = accepting.now()
        expect((await answer(await signRequest(request, signer, now, now, 'x-capability'))).status).toBe(200)
      },
    },
  ])
})

describe('the log of refusals', () => {
  reported([
    {
      report: 'matrix-org/sydent#513',
      title: 'names the signed URL and the server’s if the authority is wrong',
      async test() {
        const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
        try {
          const answer = requireSession({ ...accepting, authority: 'xyz.example' }, () => new Response())
          await answer(await signer.sign(post('x', 'https://id.xyz.example/sign')))
          expect(warn.mock.calls[0]?.[0]).toContain('It was signed for https://id.xyz.example/sign')
          expect(warn.mock.calls[0]?.[0]).toContain('fit the request for https://xyz.example/sign')
        } finally {
          warn.mockRestore()
        }
      },
    },
  ])
})
