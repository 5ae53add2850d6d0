import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import type { CookieStoreOptions } from '../../src/store/cookie-format.js'
import { seal } from '../../src/store/cookie-seal.js'
import type { cookieStore } from '../../src/store/cookie-store.js'
import { stringStore } from '../../src/store/string-store.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { cookiesOfSession, headerOf, SECRET, sealedCookies, trustOptions } from '../setup/cookies.js'
import { failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const NAME = '__Host-cacao-session%3Adefault'
const LONG = 'x'.repeat(5000)

const attributes = (cookie = ''): string[] => cookie.split('; ').slice(1)

describe('cookieStore', () => {
  it('sets a cookie with HttpOnly, Secure and __Host-, which lasts as long as the session', async () => {
    const [cookie, ...others] = (await cookiesOfSession()).setCookies()
    expect(others).toEqual([])
    expect(cookie?.slice(0, NAME.length + 1)).toBe(`${NAME}=`)
    const [maxAge, ...rest] = attributes(cookie)
    expect(rest).toEqual(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
    const [, secs] = /^Max-Age=(\d+)$/.exec(maxAge ?? '') ?? []
    // An hour, less the time that has passed since.
    expect(Number(secs)).toBeLessThanOrEqual(3600)
    expect(Number(secs)).toBeGreaterThan(3000)
  })

  it('sets no cookie while nothing changes', async () => {
    const header = headerOf(await cookiesOfSession())
    const cookies = sealedCookies(header)
    expect(await DIDSession.load(undefined, { store: stringStore(cookies), ...trustOptions })).toBeDefined()
    expect(cookies.setCookies()).toEqual([])
    const visitor = sealedCookies('theme=dark')
    expect(await DIDSession.load(undefined, { store: stringStore(visitor), ...trustOptions })).toBeUndefined()
    expect(visitor.setCookies()).toEqual([])
  })

  it('loads the session from the next request, renews it and signs out', async () => {
    const wallet = testWallet()
    const wanted = { resources, ...trustOptions }
    const ask = ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
    let header = 'theme=dark'
    const request = async <T>(work: (store: ReturnType<typeof stringStore>) => Promise<T>): Promise<T> => {
      const cookies = sealedCookies(header)
      const result = await work(stringStore(cookies))
      header = headerOf(cookies, header)
      return result
    }
    const session = await request((store) => DIDSession.get(ACCOUNT_A, ask, { ...wanted, store }))
    expect(
      await request(async (store) => (await DIDSession.load(undefined, { store, ...trustOptions }))?.keyDID),
    ).toBe(session.keyDID)
    const renewed = await request(async (store) =>
      (await DIDSession.load(undefined, { store, ...trustOptions }))?.renew(ask),
    )
    expect(renewed?.keyDID).not.toBe(session.keyDID)
    const list = await request((store) => DIDSession.list({ store, ...trustOptions }))
    expect(list.map(({ keyDID }) => keyDID)).toEqual([renewed?.keyDID])
    await request((store) => DIDSession.remove(ACCOUNT_A, { store }))
    expect(await request((store) => DIDSession.load(undefined, { store, ...trustOptions }))).toBeUndefined()
    expect(header).toContain('theme=dark')
    expect(wallet.prompts).toBe(2)
  })

  it('leaves only a session cookie that marks the sign-out', async () => {
    const cookies = sealedCookies(headerOf(await cookiesOfSession()))
    await DIDSession.remove(ACCOUNT_A, { store: stringStore(cookies) })
    const [cookie = '', ...others] = cookies.setCookies()
    expect(others).toEqual([])
    expect(cookie.length).toBeLessThan(300)
    expect(attributes(cookie)).toEqual(['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
  })

  it('removes an item with all of its cookies', async () => {
    const cookies = sealedCookies(undefined)
    await cookies.setItem('key', LONG)
    const later = sealedCookies(headerOf(cookies))
    expect(await later.getItem('key')).toBe(LONG)
    await later.removeItem('key')
    expect(await later.getItem('key')).toBeUndefined()
    expect(later.setCookies()).toEqual([
      '__Host-key=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      '__Host-key$1=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    ])
    expect(headerOf(later, headerOf(cookies))).toBe('')
  })

  it.each<[Partial<CookieStoreOptions>, name: string, last: string[]]>([
    [{ path: '/app' }, '__Secure-key', ['Path=/app', 'HttpOnly', 'Secure', 'SameSite=Lax']],
    [
      { domain: 'app.example' },
      '__Secure-key',
      ['Domain=app.example', 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'],
    ],
    [{ secure: false }, 'key', ['Path=/', 'HttpOnly', 'SameSite=Lax']],
    [{ sameSite: 'strict' }, '__Host-key', ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']],
    [{ sameSite: 'none' }, '__Host-key', ['Path=/', 'HttpOnly', 'Secure', 'SameSite=None']],
    [{ prefix: 'app.' }, 'app.key', ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']],
    [{ maxAgeSecs: 60 }, '__Host-key', ['Max-Age=60', 'Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']],
  ])('names and marks its cookies by the options %j', async (options, name, last) => {
    const cookies = sealedCookies(undefined, options)
    await cookies.setItem('key', 'value')
    const [cookie = ''] = cookies.setCookies()
    expect(cookie).toMatch(new RegExp(`^${name}=[^;]+;`))
    expect(attributes(cookie)).toEqual(last)
    expect(await sealedCookies(headerOf(cookies), options).getItem('key')).toBe('value')
  })

  it.each([
    { sameSite: 'none', secure: false },
    { sameSite: 'Lax' },
    { prefix: '__Host-', path: '/app' },
    { prefix: '__host-x', domain: 'app.example' },
    { prefix: '__Host-', secure: false },
    { prefix: '__Secure-', secure: false },
    { prefix: 'a=b' },
    { prefix: 'a;b' },
    { prefix: 7 },
    { path: 'app' },
    { path: '/; Secure' },
    { domain: 'a.example; Secure' },
    { secure: 'no' },
    { maxAgeSecs: 0 },
    { maxAgeSecs: 1.5 },
    { maxAgeSecs: '60' },
  ])('throws a TypeError for %j, which browsers would refuse or read differently', async (options) => {
    expect(await failureOf(() => sealedCookies(undefined, options as never))).toBeInstanceOf(TypeError)
  })

  it('sets Max-Age by its clock, and never longer than browsers allow', async () => {
    const maxAge = async (secs: number, options: Partial<CookieStoreOptions> = {}): Promise<number> =>
      Number(/Max-Age=(\d+)/.exec((await cookiesOfSession(options, secs)).setCookies()[0] ?? '')?.[1])
    expect(await maxAge(3600, { now: () => Date.now() + 1_800_000 })).toBeLessThanOrEqual(1800)
    expect(await maxAge(3600, { now: () => Date.now() + 1_800_000 })).toBeGreaterThan(1700)
    expect(await maxAge(3600, { now: () => Date.now() + 7_200_000 })).toBe(0)
    expect(await maxAge(1000 * 24 * 3600)).toBe(400 * 24 * 3600)
  })
})

describe('the request of a cookieStore', () => {
  const sealed = seal('value', '__Host-key', SECRET)

  // In browsers, Headers can't contain a cookie, so an object replaces them here.
  const headersWith = (header: string): Headers =>
    Object.assign(new Headers(), { get: (name: string) => (name === 'cookie' ? header : null) })

  it.each<[kind: string, of: (header: string) => Parameters<typeof cookieStore>[0]]>([
    ['a header', (header) => header],
    ['Headers', headersWith],
    ['an object with Headers', (header) => ({ headers: headersWith(header) })],
    ['one of node:http', (header) => ({ headers: { cookie: header } })],
    ['one whose headers are in another case', (header) => ({ headers: { Cookie: header } as object })],
  ])('may be %s', async (_, of) => {
    const given = of(`theme=dark; __Host-key=abcdefgh.1.${await sealed}`)
    expect(await sealedCookies(given).getItem('key')).toBe('value')
  })

  it.each([undefined, '', { headers: {} }, { headers: new Headers() }, new Headers(), '=; ;;', '__Host-key'])(
    'has no session without its cookie: %j',
    async (source) => expect(await sealedCookies(source).getItem('key')).toBeUndefined(),
  )

  // The last one has the form of the result of Next.js's cookies().
  const cookies = { get: () => undefined, has: () => false, getAll: () => [] }
  it.each([null, 7, {}, { headers: undefined }, { cookies: {} }, cookies])(
    'is refused with a TypeError: %j',
    async (source) => {
      expect(await failureOf(() => sealedCookies(source as never))).toBeInstanceOf(TypeError)
    },
  )
})
