import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { type TestServer, testServer } from '../../src/testing/fake-server.js'
import { type Restore, replace } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { reported } from './reported.js'

const domain = 'app.example.com'
const resources = ['https://api.example.com/notes/*']
const NOTES = 'https://api.example.com/notes/1'
const auth = ethereumAuth(KEY_A, undefined, { domain })

let server: TestServer
let restore: Restore
beforeEach(() => {
  server = testServer({ domains: [domain], resources })
  restore = server.install()
})
afterEach(() => restore())

/** A session whose clock is wrong by so many seconds, but was right when it was signed. */
async function wrongBy(secs: number): Promise<DIDSession> {
  let difference = -86_400_000 * 2
  const session = await DIDSession.authorize(auth, { resources, now: () => Date.now() + difference })
  difference = secs * 1000
  return session
}

describe('reports about clients that sign requests', () => {
  reported([
    {
      report: 'danielfett/draft-dpop#68',
      title: 'a device’s clock that is minutes fast is corrected after a refusal',
      test: async () => {
        expect((await (await wrongBy(600)).fetch(NOTES)).status).toBe(200)
        expect(server.refusals.map(({ code }) => code)).toEqual(['ERR_REQUEST_STALE'])
      },
    },
    {
      report: 'danielfett/draft-dpop#67',
      title: 'a device’s clock that is minutes slow is corrected after a refusal',
      test: async () => {
        expect((await (await wrongBy(-600)).fetch(NOTES, { method: 'POST', body: 'x' })).status).toBe(200)
        expect((await (await wrongBy(-200)).fetch(NOTES)).status).toBe(200)
        expect(server.refusals).toHaveLength(1)
      },
    },
    {
      report: 'vuejs/core#7240',
      title: 'a session works behind a reactive Proxy',
      test: async () => {
        const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store: memoryStore() })
        const wrapped = new Proxy(session, {})
        expect((await wrapped.fetch(NOTES)).status).toBe(200)
        expect(wrapped.account).toBe(ACCOUNT_A)
      },
    },
    {
      report: 'adobe/fetch#447',
      title: 'a capability is not sent to an origin outside its resources',
      test: async () => {
        const session = await wrongBy(0)
        await expectCode('ERR_CAPABILITY_RESOURCES', () =>
          session.fetch('https://api.example.com.evil.example/'),
        )
        expect(server.calls).toEqual([])
      },
    },
    {
      report: 'honojs/website#43',
      title: 'session.fetch works without its object',
      test: async () => {
        const { fetch } = await wrongBy(0)
        expect((await { fetch }.fetch(NOTES)).status).toBe(200)
      },
    },
    {
      report: 'nodejs/undici#2928',
      title: 'a dispatcher option beside a Request reaches fetch',
      test: async () => {
        const session = await wrongBy(0)
        const dispatcher = { dispatch: () => true }
        const inits: unknown[] = []
        const undo = replace(globalThis, 'fetch', {
          value: async (_: Request, init: unknown) => {
            inits.push(init)
            return new Response('ok')
          },
        })
        const init = { dispatcher, priority: 'low', method: 'POST', body: 'x' } as RequestInit
        await session.fetch(new Request(NOTES), init).finally(undo)
        expect(inits).toEqual([expect.objectContaining({ dispatcher, priority: 'low' })])
        expect(inits[0]).not.toHaveProperty('body')
      },
    },
  ])
})

it('a request that a gateway sends twice is run once, by its Idempotency-Key', async () => {
  restore()
  const results = new Map<string, number>()
  let done = 0
  server = testServer({
    domains: [domain],
    resources,
    handler: ({ headers }, { account }) => {
      const id = `${account} ${headers.get('idempotency-key')}`
      if (!results.has(id)) results.set(id, ++done)
      return Response.json({ number: results.get(id) })
    },
  })
  restore = server.install()
  const session = await wrongBy(0)
  const headers = { 'idempotency-key': '1' }
  const signed = await session.signRequest(new Request(NOTES, { method: 'POST', body: 'x', headers }))
  expect((await fetch(signed.clone())).status).toBe(200)
  // The gateway received no response from the first server.
  const second = await fetch(signed)
  expect(second.headers.get('www-authenticate')).toContain('ERR_REQUEST_REPLAYED')
  const again = await session.fetch(NOTES, { method: 'POST', body: 'x', headers })
  expect([await again.json(), done]).toEqual([{ number: 1 }, 1])
})
