import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { continueNavigation } from '../../src/cookie-client.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { noteValue } from '../../src/store/page-cookie.js'
import type { SessionStore } from '../../src/store/store.js'
import { type TestClock, testClock } from '../../src/testing/fake-clock.js'
import { replace } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { keepCookiesInMemory } from '../setup/cookie-jar.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { shortWaits } from '../setup/short-waits.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

// A page with a fake server that sets the note as a real server does. Tests with real cookies are in test/e2e.

const NAME = 'kept-until'
const URL_OF_COOKIE = '/session'
const resources = ['https://api.example/notes/*']

let clock: TestClock
let store: SessionStore
let restore: () => void
/** The methods of the server's requests: `POST`, `DELETE`. */
let asked: string[]
/** Answers instead of the server. */
let behaviour: (request: Request) => Response | Promise<Response | undefined> | undefined
let maxAgeSecs: number

const session = (expiresInSecs = 7200, key = KEY_A, account = ACCOUNT_A) =>
  DIDSession.get(account, ethereumAuth(key, undefined, { domain: 'app.example' }), {
    resources,
    store,
    expiresInSecs,
    now: clock.now,
  })

/** The key that a signed request is for, from its `keyid`. */
const keyOf = (request: Request): string =>
  /keyid="(did:key:\w+)#/.exec(request.headers.get('signature-input') ?? '')?.[1] ?? ''
const setNote = (keyDID: string, path = URL_OF_COOKIE, secs = maxAgeSecs): number => {
  const until = Math.floor(clock.now() / 1000) + secs
  // biome-ignore lint/suspicious/noDocumentCookie: as the server's answer would set it
  document.cookie = `${NAME}=${noteValue({ until, secs, keyDID, path })}; path=/`
  return until
}
const clearNote = (): void => {
  // biome-ignore lint/suspicious/noDocumentCookie: as the server's answer would clear it
  document.cookie = `${NAME}=; path=/; max-age=0`
}
const hasNote = (): boolean => document.cookie.includes(`${NAME}=`)

/** A session whose cookie was kept, and the one to which it was then renewed, whose cookie is kept now. */
async function keptAndRenewed(): Promise<{ held: DIDSession; next: DIDSession }> {
  const held = await session()
  await held.keepCookie(URL_OF_COOKIE)
  const next = await held.renew(ethereumAuth(KEY_A, undefined, { domain: 'app.example' }))
  await vi.waitFor(() => expect(document.cookie).toContain(next.keyDID.slice('did:key:'.length)), SOON)
  await settled()
  return { held, next }
}

/** Waits until all work that has started is done. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve))
    await navigator.locks.request(`cacao-session cookie ${URL_OF_COOKIE}`, () => undefined)
  }
}

/** A signal that aborts as soon as a caller waits for the lock. */
function soonAborted(reason: Error): AbortSignal {
  const controller = new AbortController()
  const look = async (): Promise<void> => {
    const { pending = [] } = await navigator.locks.query()
    if (pending.length > 0) controller.abort(reason)
    else setTimeout(look)
  }
  void look()
  return controller.signal
}

const status =
  (code: number, body: unknown = { code: 'ERR_CAPABILITY_REVOKED' }) =>
  () =>
    Response.json(body, { status: code })

beforeEach(() => {
  // The page looks for a note ten times within a second. Here, no note comes late.
  shortWaits(100)
  clock = testClock()
  store = memoryStore()
  asked = []
  behaviour = () => undefined
  maxAgeSecs = 600
  const server = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    asked.push(request.method)
    const answer = await behaviour(request)
    if (answer) return answer
    if (request.method === 'DELETE') {
      clearNote()
      return new Response(null, { status: 204 })
    }
    return Response.json({ account: 'x', expiresInSecs: maxAgeSecs, until: setNote(keyOf(request)) })
  }
  const restores = [keepCookiesInMemory(), replace(globalThis, 'fetch', { value: server, writable: true })]
  restore = () => {
    for (const undo of restores) undo()
  }
})
afterEach(async () => {
  await settled()
  restore()
})

describe('session.keepCookie', () => {
  it('sets the cookie with a signed request, and renews it before it expires', async () => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    expect(asked).toEqual(['POST'])
    clock.advance(539)
    await settled()
    expect(asked).toEqual(['POST'])
    clock.advance(1)
    await vi.waitFor(() => expect(asked).toEqual(['POST', 'POST']), SOON)
    await settled()
    clock.advance(540)
    await vi.waitFor(() => expect(asked).toHaveLength(3), SOON)
    held.dispose()
  })

  it('renews it earlier with leadSecs, but not before half of its lifetime', async () => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE, { leadSecs: 200 })
    clock.advance(399)
    await settled()
    expect(asked).toHaveLength(1)
    clock.advance(1)
    await vi.waitFor(() => expect(asked).toHaveLength(2), SOON)
    held.dispose()
    maxAgeSecs = 40
    const other = await session()
    await other.keepCookie(URL_OF_COOKIE)
    clock.advance(19)
    await settled()
    expect(asked).toHaveLength(3)
    clock.advance(1)
    await vi.waitFor(() => expect(asked).toHaveLength(4), SOON)
    other.dispose()
  })

  it('does not renew a cookie that lasts as long as the session, and clears it at the end', async () => {
    const held = await session(300)
    maxAgeSecs = 300
    await held.keepCookie(URL_OF_COOKIE)
    clock.advance(299)
    await settled()
    expect(asked).toEqual(['POST'])
    clock.advance(1)
    await vi.waitFor(() => expect(asked).toEqual(['POST', 'DELETE']), SOON)
  })

  it.each<[string, (held: DIDSession) => Promise<unknown>]>([
    ['the session is signed out', (held) => held.remove()],
    ['its account is', () => DIDSession.remove(ACCOUNT_A, { store })],
    ['another account signs in', () => session(7200, KEY_B, ACCOUNT_B)],
  ])('clears the cookie when %s, and stops renewing it', async (_, end) => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    await end(held)
    await vi.waitFor(() => expect(hasNote()).toBe(false), SOON)
    await settled()
    expect(asked).toEqual(['POST', 'DELETE'])
    clock.advance(600)
    await settled()
    expect(asked).toEqual(['POST', 'DELETE'])
  })

  it('has cleared the cookie once sign-out is done, even on a page that does not keep it', async () => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    held.dispose()
    await held.remove()
    expect([asked, hasNote()]).toEqual([['POST', 'DELETE'], false])
  })

  it('names the session whose cookie is cleared, because a newer one may have replaced it', async () => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    const named: unknown[] = []
    behaviour = (request) => void named.push(request.headers.get('cacao-key'))
    await held.remove()
    expect(named).toEqual([held.keyDID])
  })

  it('clears the cookie once, even if the browser shows late that it is cleared', async () => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    behaviour = () => {
      setTimeout(clearNote, 20)
      return new Response(null, { status: 204 })
    }
    await held.remove()
    await settled()
    expect([asked, hasNote()]).toEqual([['POST', 'DELETE'], false])
  })

  it('clears the cookie before removed is emitted, because a listener may leave the page', async () => {
    const held = await session()
    const heard: string[] = []
    held.on('removed', () => heard.push(`removed, note: ${hasNote()}`))
    const stop = DIDSession.onChange(({ type }) => heard.push(`${type}, note: ${hasNote()}`), { store })
    await held.keepCookie(URL_OF_COOKIE)
    let go = (): void => undefined
    behaviour = () =>
      new Promise((resolve) => {
        go = () => resolve(undefined)
      })
    const removal = held.remove()
    await vi.waitFor(() => expect(asked).toContain('DELETE'), SOON)
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve))
    expect(heard).toEqual([])
    go()
    await removal
    await vi.waitFor(() => expect(heard).toEqual(Array(2).fill('removed, note: false')), SOON)
    stop()
  })

  it('does not touch a cookie of another session', async () => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    setNote('did:key:zDnaeSomebodyElse')
    clock.advance(545)
    await settled()
    await held.remove()
    await settled()
    expect([asked, hasNote()]).toEqual([['POST'], true])
  })

  it('signs out even if the cookie can not be cleared, emits cookie-failed, and tries again', async () => {
    const held = await session()
    const failures: string[] = []
    held.on('cookie-failed', ({ error }) => failures.push(error?.code ?? ''))
    await held.keepCookie(URL_OF_COOKIE)
    behaviour = () => Promise.reject(new TypeError('no network'))
    await held.remove()
    await settled()
    expect(await DIDSession.list({ store })).toEqual([])
    expect(failures).toEqual(['ERR_COOKIE_FAILED'])
    behaviour = () => undefined
    clock.advance(5)
    await vi.waitFor(() => expect(hasNote()).toBe(false), SOON)
  })

  it('signs out even if the page can not read cookies, where keepCookie rejects', async () => {
    const held = await session()
    const forbidden = replace(document, 'cookie', {
      get: () => {
        throw new DOMException('The operation is insecure.', 'SecurityError')
      },
    })
    await expectCode('ERR_COOKIE_FAILED', () => held.keepCookie(URL_OF_COOKIE))
    await held.remove()
    forbidden()
    expect(held.isAuthorized()).toBe(false)
    clearNote()
  })

  it('continues with a renewed session', async () => {
    const { next } = await keptAndRenewed()
    expect(asked).toEqual(['POST', 'POST'])
    await next.remove()
    expect(asked).toEqual(['POST', 'POST', 'DELETE'])
  })

  it.each(['pageshow', 'online'])('sets a missing cookie again when the page is back (%s)', async (event) => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    globalThis.dispatchEvent(new Event(event))
    await settled()
    expect(asked).toEqual(['POST'])
    clearNote()
    globalThis.dispatchEvent(new Event(event))
    await vi.waitFor(() => expect(asked).toEqual(['POST', 'POST']), SOON)
    await settled()
    expect(hasNote()).toBe(true)
    held.dispose()
  })

  it('sends no second request if another tab has set the cookie meanwhile', async () => {
    const [one, two] = [await session(), await session()]
    await Promise.all([one.keepCookie(URL_OF_COOKIE), two.keepCookie(URL_OF_COOKIE)])
    clock.advance(300)
    setNote(one.keyDID)
    clock.advance(240)
    await settled()
    expect(asked).toEqual(['POST'])
    one.dispose()
    two.dispose()
  })

  it.each<[string, AbortSignal | undefined]>([
    ['dispose', undefined],
    ['the signal', new AbortController().signal],
  ])('stops with %s, and leaves the cookie', async (_, given) => {
    const held = await session()
    const controller = new AbortController()
    await held.keepCookie(URL_OF_COOKIE, given ? { signal: controller.signal } : {})
    if (given) controller.abort()
    else held.dispose()
    clock.advance(600)
    await settled()
    expect([asked, hasNote()]).toEqual([['POST'], true])
  })

  it('rejects with the signal’s reason', async () => {
    const held = await session()
    const reason = new Error('changed my mind')
    await expect(held.keepCookie(URL_OF_COOKIE, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(asked).toEqual([])
    const controller = new AbortController()
    behaviour = (request) =>
      new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason))
        controller.abort(reason)
      })
    await expect(held.keepCookie(URL_OF_COOKIE, { signal: controller.signal })).rejects.toBe(reason)
  })

  it('stops with dispose, also after a renewal', async () => {
    const { held } = await keptAndRenewed()
    clock.advance(545)
    await vi.waitFor(() => expect(asked).toEqual(['POST', 'POST', 'POST']), SOON)
    await settled()
    held.dispose()
    clock.advance(545)
    await settled()
    expect(asked).toEqual(['POST', 'POST', 'POST'])
    clearNote()
  })

  it('clears the cookie even if the session ends while the server is being asked to set it', async () => {
    const held = await session()
    const ended = new Promise<void>((resolve) => {
      behaviour = (request) => {
        if (request.method === 'DELETE') return
        const answer = new Promise<never>((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason))
        })
        // The browser gets the cookie, and shows it later.
        void held.remove().then(resolve)
        return answer
      }
    })
    await expectCode('ERR_SESSION_REMOVED', () => held.keepCookie(URL_OF_COOKIE))
    await ended
    await vi.waitFor(() => expect(asked).toEqual(['POST', 'DELETE']), SOON)
    await settled()
    expect(asked).toEqual(['POST', 'DELETE'])
  })

  it('clears the cookie if the session is signed out before its renewal has replaced the cookie', async () => {
    const held = await session()
    await held.keepCookie(URL_OF_COOKIE)
    const removals: Promise<void>[] = []
    held.on('renewed', (event) => {
      behaviour = (request) => {
        // As a server does: it clears the cookie of the session that is named.
        if (request.method === 'DELETE')
          return request.headers.get('cacao-key') === held.keyDID
            ? undefined
            : new Response(null, { status: 204 })
        removals.push(event.session.remove())
        return new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => reject(request.signal.reason))
        })
      }
    })
    await held.renew(ethereumAuth(KEY_A, undefined, { domain: 'app.example' }))
    await vi.waitFor(() => expect(hasNote()).toBe(false), SOON)
    await Promise.all(removals)
    expect(removals).toHaveLength(1)
  })

  it('sets the cookie even while the store hangs, because other tabs may wait for the lock', async () => {
    const held = await session()
    Object.assign(store, { readLast: () => new Promise(() => undefined) })
    await held.keepCookie(URL_OF_COOKIE)
    expect(asked).toEqual(['POST'])
    held.dispose()
  })

  it('sets no cookie for an account after which another one has signed in', async () => {
    const held = await session()
    setNote(held.keyDID)
    const other = await session(7200, KEY_B, ACCOUNT_B)
    await expectCode('ERR_COOKIE_FAILED', () => held.keepCookie(URL_OF_COOKIE))
    await vi.waitFor(() => expect([asked, hasNote()]).toEqual([['DELETE'], false]), SOON)
    await other.keepCookie(URL_OF_COOKIE)
    expect(asked).toEqual(['DELETE', 'POST'])
    await DIDSession.use(ACCOUNT_A, { store, now: clock.now })
    await held.keepCookie(URL_OF_COOKIE)
    expect(document.cookie).toContain(held.keyDID.slice('did:key:'.length))
    for (const each of [held, other]) each.dispose()
  })

  it('continues with the renewed session if it is renewed meanwhile', async () => {
    const held = await session()
    let renewing: Promise<DIDSession> | undefined
    behaviour = (request) => {
      behaviour = () => undefined
      renewing = held.renew(ethereumAuth(KEY_A, undefined, { domain: 'app.example' }))
      return new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => reject(request.signal.reason))
      })
    }
    await held.keepCookie(URL_OF_COOKIE)
    const next = await renewing
    expect(document.cookie).toContain(next?.keyDID.slice('did:key:'.length))
    await next?.remove()
  })

  it.each<[string, string, (held: DIDSession) => unknown]>([
    ['signed out', 'ERR_SESSION_REMOVED', (held) => held.remove()],
    ['over', 'ERR_CAPABILITY_EXPIRED', () => clock.advance(7200)],
    [
      'of an account after which another one signed in',
      'ERR_COOKIE_FAILED',
      () => session(7200, KEY_B, ACCOUNT_B),
    ],
  ])('rejects with a code if the session is %s meanwhile', async (_, code, end) => {
    const held = await session()
    let ending: unknown
    await navigator.locks.request(`cacao-session cookie ${URL_OF_COOKIE}`, async () => {
      const keeping = failureOf(() => held.keepCookie(URL_OF_COOKIE))
      await vi.waitFor(async () => expect((await navigator.locks.query()).pending).toHaveLength(1), SOON)
      ending = end(held)
      expect(await keeping).toMatchObject({ code })
    })
    await ending
    expect(hasNote()).toBe(false)
  })

  it('rejects with the signal’s reason while another tab holds the lock, and then sends nothing', async () => {
    const held = await session()
    const reason = new Error('changed my mind')
    await navigator.locks.request(`cacao-session cookie ${URL_OF_COOKIE}`, async () => {
      await expect(held.keepCookie(URL_OF_COOKIE, { signal: soonAborted(reason) })).rejects.toBe(reason)
    })
    await settled()
    expect(asked).toEqual([])
  })
})

describe('a cookie that can not be set', () => {
  const failing = async (): Promise<[DIDSession, string[], string]> => {
    const held = await session()
    const failures: string[] = []
    held.on('cookie-failed', ({ error, session: whose }) => failures.push(`${whose === held} ${error?.code}`))
    const { message } = await expectCode('ERR_COOKIE_FAILED', () => held.keepCookie(URL_OF_COOKIE))
    await settled()
    expect(failures).toEqual(['true ERR_COOKIE_FAILED'])
    return [held, failures, message]
  }

  it.each<[string, () => Response | Promise<Response>, string]>([
    ['fails', status(503, 'nonsense'), 'answered 503'],
    ['has too much to do', status(429), 'answered 429'],
    ['can’t be reached', () => Promise.reject(new TypeError('no network')), "can't be reached"],
  ])('because the server %s is tried again, with growing delays', async (_, answer, why) => {
    behaviour = answer
    const [held, failures, message] = await failing()
    expect(message).toContain(why)
    for (const [i, secs] of [5, 10, 20].entries()) {
      clock.advance(secs - 1)
      await settled()
      expect(asked).toHaveLength(i + 1)
      clock.advance(1)
      await vi.waitFor(() => expect(asked).toHaveLength(i + 2), SOON)
      await settled()
    }
    expect(failures).toHaveLength(4)
    behaviour = () => undefined
    globalThis.dispatchEvent(new Event('online'))
    await vi.waitFor(() => expect(hasNote()).toBe(true), SOON)
    await settled()
    clock.advance(540)
    await vi.waitFor(() => expect(asked).toHaveLength(6), SOON)
    held.dispose()
  })

  it.each<[string, () => Response, string]>([
    ['the session was revoked', status(401), '401 (ERR_CAPABILITY_REVOKED)'],
    ['the server has no such path', () => new Response('not found', { status: 404 }), '404'],
    ['the path is that of a page', () => new Response('<p>Hello</p>'), 'mount its handler at this path'],
    [
      'the browser stores no cookies',
      () => Response.json({ account: 'x', expiresInSecs: 600, until: 1 }),
      'allow cookies for this site',
    ],
  ])('because %s is not tried again', async (_, answer, why) => {
    behaviour = answer
    const [, failures, message] = await failing()
    expect(message).toContain(why)
    clock.advance(3600)
    globalThis.dispatchEvent(new Event('online'))
    await settled()
    expect([asked, failures.length]).toEqual([['POST'], 1])
  })

  it('because its session is over causes no request', async () => {
    const held = await session(60)
    clock.advance(60)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => held.keepCookie(URL_OF_COOKIE))
    const removed = await session(60)
    await removed.remove()
    await expectCode('ERR_SESSION_REMOVED', () => removed.keepCookie(URL_OF_COOKIE))
    expect(asked).toEqual([])
  })
})

it.each<[string, unknown[], string]>([
  ['another origin', ['https://evil.example/session'], 'url must be'],
  ['a query', ['/session?a=1'], 'url must be'],
  ['no options', [URL_OF_COOKIE, null], 'options must be'],
  ['a leadSecs that is no number', [URL_OF_COOKIE, { leadSecs: '60' }], 'leadSecs must be'],
  ['an invalid signal', [URL_OF_COOKIE, { signal: {} }], 'signal must be'],
  ['an unknown option', [URL_OF_COOKIE, { maxAgeSecs: 60 }], 'there is no option "maxAgeSecs"'],
])('session.keepCookie throws for %s', async (_, args, message) => {
  const held = await session()
  const keep = held.keepCookie as (...given: unknown[]) => Promise<void>
  const error = await failureOf(() => keep(...args))
  expect(error).toBeInstanceOf(TypeError)
  expect((error as TypeError).message).toContain(message)
  expect(asked).toEqual([])
})

describe('continueNavigation', () => {
  it('works only on the page of refreshPage', async () => {
    const load = vi.fn()
    await expect(continueNavigation(URL_OF_COOKIE, load)).rejects.toThrow('this is another page')
    expect(load).not.toHaveBeenCalled()
  })
})
