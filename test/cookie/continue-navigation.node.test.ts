import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { continueNavigation } from '../../src/cookie-client.js'
import { noteValue } from '../../src/store/page-cookie.js'
import { type Restore, replace } from '../../src/testing/replace.js'

// The page of refreshPage, with what continueNavigation uses of it. Tests with real pages are in test/e2e.

const SECS = 600
const NOON = Date.parse('2026-01-31T12:00:00Z')
const keyDID = 'did:key:zDnaeSession'

let now: number
let history: { state: unknown; replaceState(state: unknown): void }
let page: { cookie: string; querySelector(): { content: string } }
/** Where the page went: `reload`, or the address of another page. */
let went: string[]
let restore: Restore[]

beforeEach(() => {
  now = NOON
  went = []
  page = { cookie: '', querySelector: () => ({ content: '/login' }) }
  history = {
    state: { own: 'of the app' },
    replaceState(state) {
      history.state = structuredClone(state)
    },
  }
  const href = 'https://app.example/refresh'
  const location = {
    ...{ href, origin: 'https://app.example', protocol: 'https:' },
    reload: () => went.push('reload'),
    replace: (address: string) => went.push(address),
  }
  restore = Object.entries({ document: page, history, location }).map(([name, value]) =>
    replace(globalThis, name as never, { value }),
  )
  vi.spyOn(Date, 'now').mockImplementation(() => now)
})
afterEach(() => {
  for (const undo of restore) undo()
  vi.restoreAllMocks()
})

/** The person's session. The server sets the cookie and its note, whose times are those of the server. */
const session = {
  keyDID,
  fetch: async (): Promise<Response> => {
    const until = Math.floor(now / 1000) + SECS
    page.cookie = `__Host-app-until=${noteValue({ until, secs: SECS, keyDID, path: '/session' })}`
    return Response.json({ until })
  },
}
const visit = async (): Promise<string | undefined> => {
  await continueNavigation('/session', () => session)
  return went.at(-1)
}

describe('continueNavigation', () => {
  it('renews the cookie, and goes to the login page if it has not arrived although it must still be fresh', async () => {
    expect(await visit()).toBe('reload')
    expect(history.state).toMatchObject({ own: 'of the app' })
    now += SECS * 1000 - 1
    expect(await visit()).toBe('/login')
  })

  it('renews the cookie again once it is stale', async () => {
    expect(await visit()).toBe('reload')
    now += SECS * 1000
    expect(await visit()).toBe('reload')
  })

  it('renews the cookie if the clock was set back since, and still doesn’t reload endlessly', async () => {
    expect(await visit()).toBe('reload')
    now -= 3_600_000
    expect(await visit()).toBe('reload')
    expect(await visit()).toBe('/login')
    expect(went).toEqual(['reload', 'reload', '/login'])
  })

  it.each([5, null, 'soon', {}, { from: Number.NaN, until: NOON * 2 }, { until: NOON * 2 }])(
    'renews the cookie if the mark is %j, which it did not write',
    async (mark) => {
      history.state = { 'cacao-session': mark }
      expect(await visit()).toBe('reload')
    },
  )
})
