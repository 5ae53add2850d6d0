import { afterEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { type TestServer, testServer } from '../../src/testing/fake-server.js'
import { type Restore, replace } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { KEY_A } from '../setup/wallet.js'

const domain = 'app.example.com'
const resources = ['https://api.example.com/notes/*']
const NOTES = 'https://api.example.com/notes/1'
const NOW = Date.parse('2026-01-31T12:00:00Z')
const DAY_SECS = 86_400

let restore: Restore | undefined
afterEach(() => restore?.())

/** A session of two days ago, on a machine whose clock differs from the server's by so many seconds. */
async function apart(
  secs: number,
): Promise<{ session: DIDSession; server: TestServer; client: { now: number } }> {
  const client = { now: NOW - 2 * DAY_SECS * 1000 }
  const auth = ethereumAuth(KEY_A, undefined, { domain })
  const session = await DIDSession.authorize(auth, { resources, now: () => client.now })
  client.now = NOW + secs * 1000
  const server = testServer({ domains: [domain], resources, now: () => NOW })
  restore = server.install()
  return { session, server, client }
}

const STEPS = [1, 59, 299, 300, 301, 360, 420, 3600, 7200, 43_200, 86_399, 86_400]

describe('a wrong client clock', () => {
  it.each([0, ...STEPS, ...STEPS.map((secs) => -secs)])(
    'by %i seconds is corrected once, if the server refuses it',
    async (secs) => {
      const { session, server } = await apart(secs)
      const isAllowed = secs >= -359 && secs <= 300
      const first = await session.fetch(NOTES, { method: 'POST', body: 'Buy cacao beans' })
      expect(first.status).toBe(200)
      expect(await server.calls[0]?.request.text()).toBe('Buy cacao beans')
      expect(server.refusals.map(({ code }) => code)).toEqual(isAllowed ? [] : ['ERR_REQUEST_STALE'])
      // From then on, the difference is known.
      expect((await session.fetch(NOTES)).status).toBe(200)
      const signed = await session.signRequest(new Request(NOTES))
      expect((await fetch(signed)).status).toBe(200)
      expect([server.calls.length, server.refusals.length]).toEqual([3, isAllowed ? 0 : 1])
    },
  )

  it.each([86_402, -86_402, 4 * DAY_SECS])(
    'by %i seconds, more than a day, is not corrected',
    async (secs) => {
      const { session, server, client } = await apart(secs)
      expect((await session.fetch(NOTES)).status).toBe(401)
      expect(server.refusals.map(({ code }) => code)).toEqual(['ERR_REQUEST_STALE'])
      // The corrections of several responses are not added up.
      client.now = NOW
      expect((await session.fetch(NOTES)).status).toBe(200)
    },
  )

  it('is corrected again after it was set right, at most once per request', async () => {
    const { session, server, client } = await apart(7200)
    expect((await session.fetch(NOTES)).status).toBe(200)
    client.now = NOW
    expect((await session.fetch(NOTES)).status).toBe(200)
    expect(server.refusals).toHaveLength(2)
    expect((await session.fetch(NOTES)).status).toBe(200)
    expect(server.refusals).toHaveLength(2)
  })

  it('never changes the expiry of the session', async () => {
    const { session, client } = await apart(7200)
    expect((await session.fetch(NOTES)).status).toBe(200)
    client.now = (session.expiresAt?.getTime() ?? Number.NaN) - 1
    expect(session.isExpired).toBe(false)
    client.now++
    expect(session.isExpired).toBe(true)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => session.fetch(NOTES))
  })
})

/** What `session.fetch` returns if the server gives this answer each time, and how often it was asked. */
async function answered(answer: () => Response): Promise<{ response: Response; calls: number }> {
  const auth = ethereumAuth(KEY_A, undefined, { domain })
  const session = await DIDSession.authorize(auth, { resources, now: () => NOW })
  let calls = 0
  restore = replace(globalThis, 'fetch', {
    value: async () => {
      calls++
      return answer()
    },
  })
  const response = await session.fetch(NOTES)
  return { response, calls }
}

describe('a refusal with ERR_REQUEST_STALE', () => {
  const answeredWith = async (headers: Record<string, string>): Promise<object> => {
    const refusal = () => Response.json({ code: 'ERR_REQUEST_STALE' }, { status: 401, headers })
    const { response, calls } = await answered(refusal)
    return { calls, status: response.status, body: await response.json() }
  }
  const stale = { status: 401, body: { code: 'ERR_REQUEST_STALE' } }

  it.each([
    ['without a date', {}, 1],
    ['with a date that is none', { date: 'yesterday' }, 1],
    ['with the date that is known already', { date: new Date(NOW).toUTCString() }, 1],
    ['with the date of another year', { date: new Date(NOW + 366 * 86_400_000).toUTCString() }, 1],
    ['with another hour, again and again', { date: new Date(NOW + 3_600_000).toUTCString() }, 2],
  ])('%s is returned to the caller', async (_, headers, calls) => {
    expect(await answeredWith(headers as Record<string, string>)).toEqual({ ...stale, calls })
  })
})

// A gateway may rename WWW-Authenticate, and CORS may hide it.
describe('an answer 401 without WWW-Authenticate', () => {
  const headers = { 'content-type': 'application/json', date: new Date(NOW + 3_600_000).toUTCString() }
  const json = (body: BodyInit) => () => new Response(body, { status: 401, headers })

  it.each([
    ['a refusal', '{"code":"ERR_REQUEST_STALE"}', 2],
    [
      'a refusal that was written by another library',
      '{ "code": "ERR_REQUEST_STALE",\n "status": 401 }\n',
      2,
    ],
    ['another refusal', '{"code":"ERR_REQUEST_REPLAYED"}', 1],
    ['a code that begins the same', '{"code":"ERR_REQUEST_STALE_TOO"}', 1],
    ['a refusal that is cut off', '{"code":"ERR_REQUEST', 1],
    ['no JSON', 'Sign in', 1],
    ['nothing', '', 1],
  ])('with %s is returned as it is', async (_, body, expected) => {
    const { response, calls } = await answered(json(body))
    expect([await response.text(), calls]).toEqual([body, expected])
  })

  it('with a stream of the app is returned before the stream ends, and can be read to its end', async () => {
    const bytes = new TextEncoder()
    let stream: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        stream = controller
        controller.enqueue(bytes.encode('{"code":"NO_SUBSCRIPTION",'))
      },
    })
    const { response, calls } = await answered(json(body))
    stream?.enqueue(bytes.encode('"plans":["cacao"]}'))
    stream?.close()
    expect(await response.json()).toEqual({ code: 'NO_SUBSCRIPTION', plans: ['cacao'] })
    expect(calls).toBe(1)
  })

  it('with white space that never ends is returned as it is', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(100).fill(32)),
    })
    const { response, calls } = await answered(json(body))
    await response.body?.cancel()
    expect([response.status, calls]).toEqual([401, 1])
  })
})
