import { Hono } from 'hono'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { verifyKeySignature } from '../../src/key/verify.js'
import { requireSession } from '../../src/middleware/fetch.js'
import type { RequireSessionOptions } from '../../src/middleware/guard.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { failureOf } from '../setup/expect-code.js'
import {
  accepting,
  altered,
  NOW,
  post,
  RESOURCE,
  type TestSigner,
  testSigner,
} from '../setup/request-signer.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

let lines: unknown[][] = []
beforeEach(() => {
  lines = []
  time = NOW
  vi.spyOn(console, 'warn').mockImplementation((...line) => void lines.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
})

let time = NOW
const serve = (options: Partial<RequireSessionOptions> = {}) =>
  requireSession({ ...accepting, now: () => time, ...options }, () => new Response())
/** The one line that was written. */
const line = (): string => {
  expect(lines).toHaveLength(1)
  expect(lines[0]).toHaveLength(1)
  return String(lines[0]?.[0])
}

describe('a refusal', () => {
  it('logs a line with the request, the code, and the expected and actual values', async () => {
    const answer = serve({ resources: ['https://api.example.com/admin'] })
    expect((await answer(await signer.sign(post('secret body')))).status).toBe(403)
    expect(line()).toBe(
      `cacao-session refused POST /notes: ERR_CAPABILITY_RESOURCES: the capability is refused: it does not cover https://api.example.com/admin; it covers ${RESOURCE}`,
    )
  })

  it('names the option that caused it', async () => {
    await serve({ domains: ['other.example'] })(await signer.sign(post()))
    expect(line()).toContain('which the option `domains` does not accept')
  })

  it('says so if the middleware was added twice, and not if a client sent a request again', async () => {
    const guard = honoSession({ ...accepting, now: () => time })
    const app = new Hono()
      .use('*', guard)
      .get('/once', (c) => c.text(c.var.caller.account))
      .get('/notes', guard, (c) => c.text(c.var.caller.account))
    const url = 'https://api.example.com/once'
    const once = await signer.sign(new Request(url))
    expect((await app.fetch(once.clone())).status).toBe(200)
    expect((await app.fetch(once)).status).toBe(401)
    expect(line()).toMatch(/ERR_REQUEST_REPLAYED.*sign each request anew$/)
    lines = []
    time += 1000
    expect((await app.fetch(await signer.sign(new Request(url.replace('once', 'notes'))))).status).toBe(401)
    expect(line()).toMatch(/ERR_REQUEST_REPLAYED.*add it to each route only once$/)
  })

  it('logs no capability, no signature and no query', async () => {
    const request = await signer.sign(post())
    await serve({ authority: 'other.example' })(request)
    const written = line()
    for (const name of ['authorization', 'signature', 'signature-input'])
      expect(written).not.toContain(String(request.headers.get(name)).slice(-20))
    expect(new URL(request.url).search).not.toBe('')
    expect(written).not.toContain(new URL(request.url).search)
  })

  it('names the signed URL if the server is configured for another', async () => {
    await serve({ authority: 'api.example.org' })(await signer.sign(post()))
    expect(line()).toContain('It was signed for https://api.example.com/notes')
    lines = []
    time += 2000
    await serve({ basePath: '/app' })(await signer.sign(post()))
    expect(line()).toContain('fit the request for https://api.example.com/app/notes')
    expect(line()).toContain('It was signed for https://api.example.com/notes')
  })

  it('looks for that URL only if a line is logged, and never admits a request by it', async () => {
    const counted = vi.fn(verifyKeySignature)
    const answer = serve({ authority: 'api.example.org', verifyKeySignature: counted })
    for (let i = 0; i < 5; i++) expect((await answer(await signer.sign(post()))).status).toBe(401)
    expect(counted).toHaveBeenCalledTimes(6)
    counted.mockClear()
    await serve({ authority: 'api.example.org', verifyKeySignature: counted, debug: false })(
      await signer.sign(post()),
    )
    expect(counted).toHaveBeenCalledTimes(1)
  })

  it('names no other URL if the request was changed', async () => {
    const changed = await altered(await signer.sign(post()), { method: 'PUT' })
    await serve({ authority: 'api.example.org' })(changed)
    expect(line()).not.toContain('It was signed for')
  })

  it.each<[string, () => Promise<boolean>, string]>([
    [
      'failed',
      () => Promise.reject(new Error('READONLY You can’t write against a read only replica.')),
      'the replay or revocation store failed: READONLY You can’t write against a read only replica.',
    ],
    [
      'answered nonsense',
      async () => 'OK' as unknown as boolean,
      'answered something other than true or false',
    ],
    [
      'did not answer',
      () => new Promise(() => undefined),
      'gave no answer within 20 ms: check that it is running',
    ],
  ])('says why a store %s, and tells the client only that it did', async (_, use, reason) => {
    const answer = serve({ replay: { use }, storeTimeoutMs: 20 })
    const response = await answer(await signer.sign(post()))
    expect([response.status, await response.json()]).toEqual([503, { code: 'ERR_STORE_UNAVAILABLE' }])
    expect(line()).toContain(reason)
  })

  it('of a CORS preflight explains how to answer it', async () => {
    const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'POST' }
    const preflight = new Request('https://api.example.com/notes', { method: 'OPTIONS' })
    // Only browsers themselves may set these headers of a request.
    Object.defineProperty(preflight, 'headers', { value: new Headers(headers) })
    await serve()(preflight)
    expect(line()).toContain('It is a CORS preflight: answer it before this middleware')
  })

  it('logs one line a second at most for one code, and then the number of lines left out', async () => {
    const answer = serve()
    const unsigned = () => answer(new Request('https://api.example.com/notes'))
    for (let i = 0; i < 5; i++) await unsigned()
    time += 999
    await unsigned()
    expect(lines).toHaveLength(1)
    time += 1
    await unsigned()
    expect(lines).toHaveLength(2)
    expect(String(lines[1]?.[0])).toContain('(5 more refusals since the last line)')
    time -= 3_600_000
    await unsigned()
    expect(lines).toHaveLength(3)
  })

  it('logs each reason if a client is refused for several within a second, and at most three lines', async () => {
    const answer = serve()
    const signed = await signer.sign(post())
    const replay = signed.clone()
    await answer(signed)
    await answer(post())
    await answer(replay)
    await answer(await altered(await signer.sign(post()), { method: 'PUT' }))
    const codes = () => lines.map(([text]) => /ERR_[A-Z_]+/.exec(String(text))?.[0])
    expect(codes()).toEqual(['ERR_REQUEST_UNSIGNED', 'ERR_REQUEST_REPLAYED', 'ERR_REQUEST_SIGNATURE'])
    // However many codes a client causes, it does not fill the log.
    await answer(new Request('https://api.example.com/notes', { headers: { authorization: 'CACAO x' } }))
    await answer(post())
    expect(lines).toHaveLength(3)
    time += 1000
    await answer(post())
    expect(String(lines[3]?.[0])).toContain('(2 more refusals since the last line)')
  })

  it('logs nothing with debug: false or onRefused, and nor does an admission', async () => {
    const refused: string[] = []
    const onRefused = ({ code }: { code: string }): void => void refused.push(code)
    expect((await serve()(await signer.sign(post()))).status).toBe(200)
    await serve({ onRefused })(post())
    await serve({ debug: false })(post())
    await serve({ debug: false, onRefused })(post())
    expect(lines).toEqual([])
    expect(refused).toEqual(['ERR_REQUEST_UNSIGNED', 'ERR_REQUEST_UNSIGNED'])
    await serve({ debug: true, onRefused })(post())
    expect(lines).toHaveLength(1)
    expect(refused).toHaveLength(3)
  })

  it('is still answered if an async hook of the app rejects, and the process lives on', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const hook = async (): Promise<void> => {
      throw new Error('the log is down')
    }
    const handle = serve({ onRefused: hook, onAdmitted: hook })
    expect((await handle(post())).status).toBe(401)
    expect((await handle(await signer.sign(post()))).status).toBe(200)
    await vi.waitFor(() => expect(told).toHaveBeenCalledTimes(2))
    expect(told.mock.calls.map(([text]) => text)).toEqual([
      'cacao-session: onRefused rejected:',
      'cacao-session: onAdmitted rejected:',
    ])
    // A hook that throws at once is still an error of the server.
    for (const failing of [
      { onRefused: () => expect.fail('bug') },
      { onAdmitted: () => expect.fail('bug') },
    ]) {
      const request = 'onRefused' in failing ? post() : await signer.sign(post())
      expect(await failureOf(async () => serve(failing)(request))).toMatchObject({ message: 'bug' })
    }
  })

  it.each([null, 1, 'yes'])('throws a TypeError for debug: %s', async (debug) => {
    const failure = await failureOf(async () => serve({ debug } as never))
    expect(failure).toMatchObject({ name: 'TypeError', message: expect.stringContaining('debug') })
  })
})
