import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { memoryReplay, type ReplayStore } from '../../src/http/replay.js'
import { type Check, givePass, PASS_HEADER, takePass } from '../../src/http/second-check.js'
import { requireSession } from '../../src/middleware/fetch.js'
import { failureOf } from '../setup/expect-code.js'
import { accepting, NOW, post, type TestSigner, testSigner } from '../setup/request-signer.js'

// A request that is verified twice in one process, as in Next.js: by a guard for all paths, and by the handler.

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})
let time = NOW
let replay: ReplayStore
beforeEach(() => {
  time = NOW
  replay = memoryReplay({ now: () => time })
})
const options = () => ({ ...accepting, now: () => time, replay, debug: false })
const handler = requireHandler('second')
function requireHandler(check?: Check) {
  return (request: Request) =>
    requireSession(
      { ...options(), ...(check && { check }) },
      async (own) => new Response(await own.text()),
    )(request)
}
/** The request that the guard passes on: a new one, with the headers for the handler. */
const guarded = async (request: Request, check: Check | 'none' = 'first'): Promise<Request> => {
  let own: Request | undefined
  await requireSession({ ...options(), ...(check === 'first' && { check }) }, (admitted) => {
    own = admitted
    return new Response()
  })(request)
  if (!own) throw new Error('the guard refused it')
  return new Request(own.url, { method: own.method, headers: own.headers, body: await own.text() })
}

describe('a handler behind a guard', () => {
  it('accepts a request that the guard has admitted with a pass', async () => {
    const answer = await handler(await guarded(await signer.sign(post('ü'))))
    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('ü')
  })

  it('accepts the pass in another copy of the module too', async () => {
    const own = await guarded(await signer.sign(post()))
    vi.resetModules()
    const { requireSession: another } = await import('../../src/middleware/fetch.js')
    const answer = await another({ ...options(), check: 'second' }, () => new Response())(own)
    expect(answer.status).toBe(200)
  })

  it('refuses the request a second time, with its pass or without', async () => {
    const own = await guarded(await signer.sign(post()))
    expect((await handler(own.clone())).status).toBe(200)
    expect((await handler(own.clone())).status).toBe(401)
    own.headers.delete(PASS_HEADER)
    expect((await handler(own)).status).toBe(401)
  })

  it('refuses a captured request with any pass that a client invents', async () => {
    const captured = await signer.sign(post())
    await guarded(captured.clone())
    for (const pass of [undefined, '', 'x', 'AAAAAAAAAAAAAAAAAAAAAA', '__proto__']) {
      const again = captured.clone()
      if (pass !== undefined) again.headers.set(PASS_HEADER, pass)
      expect((await handler(again)).status).toBe(401)
    }
  })

  it('refuses a request with the pass of another request', async () => {
    const [one, other] = [await guarded(await signer.sign(post())), await guarded(await signer.sign(post()))]
    one.headers.set(PASS_HEADER, other.headers.get(PASS_HEADER) ?? '')
    expect((await handler(one)).status).toBe(401)
  })

  it('accepts a pass for a minute only', async () => {
    const own = await guarded(await signer.sign(post()))
    time += 60_000
    expect((await handler(own)).status).toBe(401)
  })

  it('works with passes only if the options of both say so', async () => {
    const plain = await guarded(await signer.sign(post()), 'none')
    expect(plain.headers.get(PASS_HEADER)).toBe(null)
    expect((await handler(plain)).status).toBe(401)
    expect((await requireHandler()(await guarded(await signer.sign(post())))).status).toBe(401)
  })

  it('accepts a request that bypassed the guard only once', async () => {
    const request = await signer.sign(post())
    expect((await handler(request.clone())).status).toBe(200)
    expect((await handler(request)).status).toBe(401)
  })

  it.each([true, 'both', null, undefined])('throws a TypeError if check is %j', async (check) => {
    const failure = await failureOf(async () =>
      requireSession({ ...options(), check } as never, () => new Response()),
    )
    expect(failure).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(/^check (?:must be|is undefined)/),
    })
  })
})

describe('passes', () => {
  const kept = (): Map<string, unknown> => Reflect.get(globalThis, Symbol.for('cacao-session.passes'))

  it('are forgotten when they expire, and the oldest one when there are 100,000', () => {
    // Later than all passes of other tests, which are forgotten with the first of these.
    const start = NOW + 1e9
    const give = (id: string, now: number) => givePass(id, now + 1000, now)
    give('expired', start)
    expect(kept().size).toBe(1)
    const oldest = give('oldest', start + 999)
    expect(kept().size).toBe(2)
    const next = give('next', start + 1000)
    expect(kept().size).toBe(2)
    while (kept().size < 100_000) give('others', start + 1000)
    give('last', start + 1000)
    expect(kept().size).toBe(100_000)
    expect(takePass(oldest, 'oldest', start + 1000)).toBe(false)
    expect(takePass(next, 'next', start + 1000)).toBe(true)
    kept().clear()
  })
})
