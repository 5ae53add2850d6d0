import { equal, refuses } from '../check.js'
import { ACCOUNT, DOMAIN, freshSession, NOTES } from '../known.js'
import type { Case, Library } from '../library.js'

const AUTHORITY = 'api.example.com'
const URL_OF_NOTE = `https://${AUTHORITY}/notes/new?draft=1`

type Options = Parameters<Library['verify']['requestVerifier']>[0]

function verifier({ verify, ethereum }: Library, options: Partial<Options> = {}) {
  const verifiers = ethereum.ethereumVerifiers()
  return verify.requestVerifier({
    verifiers,
    authority: AUTHORITY,
    domains: [DOMAIN],
    resources: [NOTES],
    ...options,
  })
}

function post(body: BodyInit = 'a note ✓'): Request {
  return new Request(URL_OF_NOTE, { method: 'POST', body, headers: { 'content-type': 'text/plain' } })
}

const bodies: readonly (readonly [what: string, make: () => BodyInit])[] = [
  ['text', () => 'a note ✓'],
  ['bytes', () => new Uint8Array([0, 1, 255])],
  ['a blob', () => new Blob(['a note'], { type: 'text/plain' })],
  ['form fields', () => new URLSearchParams({ note: 'a b' })],
]

const changes: readonly (readonly [
  what: string,
  code: string,
  change: (request: Request) => Promise<Request> | Request,
])[] = [
  ['its signature', 'ERR_REQUEST_UNSIGNED', (request) => without(request, 'signature')],
  ['its signature-input', 'ERR_REQUEST_UNSIGNED', (request) => without(request, 'signature-input')],
  [
    'another path',
    'ERR_REQUEST_SIGNATURE',
    async (request) => moved(request, URL_OF_NOTE.replace('new', 'all')),
  ],
  [
    'another query',
    'ERR_REQUEST_SIGNATURE',
    async (request) => moved(request, URL_OF_NOTE.replace('1', '2')),
  ],
  [
    'another method',
    'ERR_REQUEST_SIGNATURE',
    async ({ headers }) => new Request(URL_OF_NOTE, { method: 'DELETE', headers }),
  ],
  [
    'another body',
    'ERR_REQUEST_DIGEST',
    async ({ headers }) => new Request(URL_OF_NOTE, { method: 'POST', headers, body: 'else' }),
  ],
]

function without(request: Request, header: string): Request {
  const headers = new Headers(request.headers)
  headers.delete(header)
  return new Request(request, { headers })
}

async function moved(request: Request, url: string): Promise<Request> {
  return new Request(url, {
    method: request.method,
    headers: request.headers,
    body: await request.arrayBuffer(),
  })
}

export const signedRequest: readonly Case[] = [
  ...bodies.map(
    ([what, make]): Case => ({
      name: `with ${what} is accepted, and its body can be read`,
      async run(library) {
        const session = await freshSession(library)
        const expected = await new Response(make()).arrayBuffer()
        const request = await session.signRequest(new Request(URL_OF_NOTE, { method: 'POST', body: make() }))
        const { account, keyDID } = await verifier(library)(request)
        equal([account, keyDID], [ACCOUNT, session.keyDID])
        equal(new Uint8Array(await request.arrayBuffer()), new Uint8Array(expected))
      },
    }),
  ),
  {
    name: 'without a body is accepted',
    async run(library) {
      const request = await (await freshSession(library)).signRequest(new Request(URL_OF_NOTE))
      equal((await verifier(library)(request)).account, ACCOUNT)
    },
  },
  {
    name: 'of a key that cannot be exported is accepted',
    async run(library) {
      const { core, ethereum, stores } = library
      const auth = ethereum.ethereumAuth(`0x${'11'.repeat(32)}`, undefined, { domain: DOMAIN })
      const session = await core.DIDSession.get(ACCOUNT, auth, {
        resources: [NOTES],
        store: stores.memoryStore(),
      })
      equal((await verifier(library)(await session.signRequest(post()))).keyDID, session.keyDID)
    },
  },
  ...changes.map(
    ([what, code, change]): Case => ({
      name: code === 'ERR_REQUEST_UNSIGNED' ? `is refused without ${what}` : `is refused with ${what}`,
      async run(library) {
        const request = await (await freshSession(library)).signRequest(post())
        await refuses(code, async () => verifier(library)(await change(request)))
      },
    }),
  ),
  {
    name: 'is refused a second time',
    async run(library) {
      const request = await (await freshSession(library)).signRequest(post())
      const verify = verifier(library)
      await verify(request.clone())
      await refuses('ERR_REQUEST_REPLAYED', () => verify(request))
    },
  },
  {
    name: 'is refused once it has expired',
    async run(library) {
      const request = await (await freshSession(library)).signRequest(post())
      await refuses('ERR_REQUEST_STALE', () =>
        verifier(library, { now: () => Date.now() + 361_000 })(request),
      )
    },
  },
  {
    name: 'is refused on a server with another authority',
    async run(library) {
      const request = await (await freshSession(library)).signRequest(post())
      await refuses('ERR_REQUEST_SIGNATURE', () => verifier(library, { authority: 'other.example' })(request))
    },
  },
  {
    name: 'is refused if it does not cover the required resources',
    async run(library) {
      const request = await (await freshSession(library)).signRequest(post())
      await refuses('ERR_CAPABILITY_RESOURCES', () =>
        verifier(library, { resources: ['urn:admin'] })(request),
      )
    },
  },
  {
    name: 'is refused once its session is revoked',
    async run(library) {
      const session = await freshSession(library)
      const revocation = library.verify.memoryRevocation()
      const verify = verifier(library, { revocation })
      await verify(await session.signRequest(post()))
      await revocation.revoke(session.cacao)
      await refuses('ERR_CAPABILITY_REVOKED', async () => verify(await session.signRequest(post())))
    },
  },
  {
    name: 'passes the middleware, which refuses an unsigned request',
    async run(library) {
      const { ethereum, fetch } = library
      const options = {
        verifiers: ethereum.ethereumVerifiers(),
        authority: AUTHORITY,
        domains: [DOMAIN],
        resources: [NOTES],
      }
      const handle = fetch.requireSession(options, (_request, caller) => new Response(caller.account))
      const answer = await handle(await (await freshSession(library)).signRequest(post()))
      equal([answer.status, await answer.text()], [200, ACCOUNT])
      const refusal = await handle(post())
      equal(
        [refusal.status, refusal.headers.get('www-authenticate')],
        [401, 'CACAO error="ERR_REQUEST_UNSIGNED"'],
      )
    },
  },
]
