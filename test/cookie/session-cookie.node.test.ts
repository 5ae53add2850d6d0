import { once } from 'node:events'
import { createServer, IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { type SessionCookieOptions, sessionCookie } from '../../src/cookie/index.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { signRequest } from '../../src/http/sign-request.js'
import { verifyRequest } from '../../src/http/verify-request.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { delegate } from '../../src/session/delegate.js'
import { cookieStore } from '../../src/store/cookie-store.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { NOW, RESOURCE, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, KEY_B } from '../setup/wallet.js'
import { type CookieSite, cookieSite, cookiesOf, NAME, ORIGIN, SECRET, SESSION_URL } from './cookie-site.js'

const MAX_AGE_MS = 600_000
const iso = (time: number): string => new Date(time).toISOString()

describe('the handler of sessionCookie', () => {
  it('sets an HttpOnly cookie of this host for a signed POST', async () => {
    const site = await cookieSite()
    const response = await site.post()
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      account: ACCOUNT_A,
      expiresInSecs: 600,
      until: (NOW + MAX_AGE_MS) / 1000,
    })
    const [cookie = '', note = '', ...others] = response.headers.getSetCookie()
    expect(others).toEqual([])
    expect(cookie).toMatch(
      /^__Host-cacao-session=[^;]+; Max-Age=34560000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const key = site.signer.key.did.slice('did:key:'.length)
    expect(note).toBe(
      `${NAME}-until=${(NOW + MAX_AGE_MS) / 1000}.600.${key}.%2Fsession; Max-Age=600; Path=/; Secure; SameSite=Lax`,
    )
    expect(`${cookie}${note}`).not.toContain(ACCOUNT_A)
  })

  it('sets a cookie that lasts no longer than the capability', async () => {
    const site = await cookieSite({}, await testSigner('P-256', { exp: iso(NOW + 90_500) }))
    const response = await site.post()
    expect(await response.json()).toMatchObject({ expiresInSecs: 90.5 })
    expect(response.headers.getSetCookie().map((line) => /Max-Age=(\d+)/.exec(line)?.[1])).toEqual([
      '91',
      '91',
    ])
    const cookies = cookiesOf(response)
    site.time += 90_499
    expect(await site.visit(cookies)).toBe(ACCOUNT_A)
    site.time += 1
    expect(await site.visit(cookies)).toBe('undefined')
  })

  it('clears the cookie for a DELETE from a page of this origin, even without a session', async () => {
    const site = await cookieSite()
    const cookies = await site.cookies()
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: ORIGIN }] as Record<
      string,
      string
    >[]) {
      const response = await site.pages.handler(new Request(SESSION_URL, { method: 'DELETE', headers }))
      expect(response.status).toBe(204)
      expect(cookiesOf(response, `theme=dark; ${cookies}`)).toBe('theme=dark')
    }
  })

  it('keeps the cookie of a session that began before a DELETE for an earlier one arrived', async () => {
    const site = await cookieSite()
    const earlier = await testSigner('P-256', {}, KEY_B)
    const cookies = await site.cookies()
    const cleared = async (headers: Record<string, string>): Promise<string> => {
      const sent = { origin: ORIGIN, cookie: cookies, ...headers }
      return cookiesOf(
        await site.pages.handler(new Request(SESSION_URL, { method: 'DELETE', headers: sent })),
        cookies,
      )
    }
    expect(await cleared({ 'cacao-key': earlier.key.did })).toBe(cookies)
    expect(await cleared({ 'cacao-key': '' })).toBe(cookies)
    expect(await cleared({ 'cacao-key': site.signer.key.did })).toBe('')
    expect(await cleared({})).toBe('')
    // A cookie that the server can't open belongs to nobody.
    expect(await cleared({ 'cacao-key': earlier.key.did, cookie: `${NAME}=x` })).toBe('')
  })

  it.each<[string, Record<string, string>]>([
    ['another domain', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another host of the domain', { 'sec-fetch-site': 'same-site', origin: 'https://blog.example.com' }],
    ['an older browser on another origin', { origin: 'https://blog.example.com' }],
    ['a page without an origin', { origin: 'null' }],
    ['a page without TLS', { origin: 'http://app.example.com' }],
    ['whoever says nothing', {}],
    ['the address bar', { 'sec-fetch-site': 'none' }],
  ])('clears nothing for %s', async (_, headers) => {
    const { pages } = await cookieSite()
    const response = await pages.handler(new Request(SESSION_URL, { method: 'DELETE', headers }))
    expect(response.status).toBe(403)
    expect(await response.json()).toEqual({ code: 'ERR_REQUEST_ORIGIN' })
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('sets nothing for a page of another origin, even if it is signed', async () => {
    const site = await cookieSite()
    const response = await site.post(site.signer, { 'sec-fetch-site': 'cross-site' })
    expect([response.status, response.headers.getSetCookie()]).toEqual([403, []])
    expect((await site.post(site.signer, { 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })

  it('answers a refused POST as requireSession does, and sets nothing', async () => {
    const refused: unknown[] = []
    const site = await cookieSite({ onRefused: (error) => refused.push(error.code) })
    const unsigned = await site.pages.handler(new Request(SESSION_URL, { method: 'POST' }))
    expect(unsigned.status).toBe(401)
    expect(unsigned.headers.get('www-authenticate')).toBe('CACAO error="ERR_REQUEST_UNSIGNED"')
    expect(unsigned.headers.getSetCookie()).toEqual([])
    const signed = await site.signer.sign(new Request(SESSION_URL, { method: 'POST' }), site.time)
    expect((await site.pages.handler(signed.clone())).status).toBe(200)
    const again = await site.pages.handler(signed)
    expect([again.status, await again.json()]).toEqual([401, { code: 'ERR_REQUEST_REPLAYED' }])
    expect(refused).toEqual(['ERR_REQUEST_UNSIGNED', 'ERR_REQUEST_REPLAYED'])
  })

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'OPTIONS'])('answers a %s with 405', async (method) => {
    const { pages } = await cookieSite()
    const response = await pages.handler(new Request(SESSION_URL, { method }))
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, DELETE'])
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('splits a large value into up to three cookies, and refuses a larger one', async () => {
    const site = await cookieSite()
    const withResources = (count: number) =>
      testSigner('P-256', {
        resources: Array.from(
          { length: count },
          (_, i) => `https://api.example.com/${i}/${crypto.randomUUID()}`,
        ),
      })
    const large = await site.post(await withResources(60))
    const names = large.headers.getSetCookie().map((line) => line.split('=')[0])
    expect(names).toEqual([NAME, `${NAME}$1`, `${NAME}-until`])
    for (const line of large.headers.getSetCookie()) expect(line.length).toBeLessThanOrEqual(4093)
    const cookies = cookiesOf(large)
    expect(await site.visit(cookies)).toBe(ACCOUNT_A)
    // The smaller cookie that follows removes every part of the larger one.
    const after = cookiesOf(await site.post(site.signer, { cookie: cookies }), cookies)
    expect(after.split('; ').map((pair) => pair.split('=')[0])).toEqual([NAME, `${NAME}-until`])
    const largest = await site.post(await withResources(150))
    expect([largest.status, largest.headers.getSetCookie()]).toEqual([413, []])
    expect(await largest.json()).toEqual({ code: 'ERR_REQUEST_TOO_LARGE' })
  })
})

describe('read of sessionCookie', () => {
  it('returns the same caller as requireSession', async () => {
    const site = await cookieSite({ resources: [RESOURCE] })
    const cookie = `theme=dark; ${await site.cookies()}`
    const signed = await site.signer.sign(new Request(SESSION_URL), NOW)
    const {
      url: _,
      created: __,
      expires: ___,
      ...caller
    } = await verifyRequest(signed, {
      verifiers: ethereumVerifiers(),
      authority: 'app.example.com',
      domains: ['example.com'],
      resources: [RESOURCE],
      replay: false,
      now: () => NOW,
    })
    const message = new IncomingMessage(null as never)
    Object.assign(message.headers, { cookie })
    const sources = [
      new Request(ORIGIN, { headers: { cookie } }),
      new Headers({ cookie }),
      // The Headers of Cloudflare Workers.
      Object.assign(new Headers({ cookie }), { getAll: () => [] }),
      { headers: new Headers({ cookie }) },
      { headers: { cookie } },
      message,
      // If Node's parser has not received the request, the names may be in any case.
      { headers: { Cookie: cookie } },
      // In Bun and on Cloudflare, Headers have this method.
      Object.assign(new Headers({ cookie }), { getAll: () => [] }),
      cookie,
    ]
    for (const source of sources) expect(await site.pages.read(source)).toEqual(caller)
    for (const source of [new Request(ORIGIN), new Headers(), { headers: {} }, '', undefined, 'theme=dark'])
      expect(await site.pages.read(source)).toBeUndefined()
  })

  it.each([
    ['nothing', null],
    ['a number', 1],
    ['an object', {}],
    ['a request without headers', { headers: null }],
    ['the result of cookies() of Next.js', { get: () => undefined, has: () => false, getAll: () => [] }],
  ])('rejects for %s in place of a request', async (_, source) => {
    const { pages } = await cookieSite()
    await expect(pages.read(source as never)).rejects.toThrow(/^request must be/)
  })

  it.each([
    [{ metod: 'POST' }],
    [{ method: undefined }],
    [{ method: 7 }],
    [{ method: '' }],
    [null],
    ['POST'],
  ])('rejects for the options %j, which would skip the check of the origin', async (options) => {
    const { pages } = await cookieSite()
    await expect(pages.read(new Headers(), options as never)).rejects.toBeInstanceOf(TypeError)
  })

  it('returns stale once the cookie’s short time is over', async () => {
    const site = await cookieSite()
    const cookies = await site.cookies()
    site.time += MAX_AGE_MS - 1
    expect(await site.visit(cookies)).toBe(ACCOUNT_A)
    site.time += 1
    expect(await site.visit(cookies)).toBe('stale')
    site.time += 30 * 86_400_000
    expect(await site.visit(cookies)).toBe('stale')
    expect(await site.visit(cookiesOf(await site.post(), cookies))).toBe(ACCOUNT_A)
  })

  it('applies its own maxAgeSecs, not that of the server that sealed the cookie', async () => {
    const [long, short] = [await cookieSite({ maxAgeSecs: 3600 }), await cookieSite({ maxAgeSecs: 60 })]
    const cookies = await long.cookies()
    short.time = long.time = NOW + 60_000
    expect([await long.visit(cookies), await short.visit(cookies)]).toEqual([ACCOUNT_A, 'stale'])
  })

  it('refuses a cookie from the future beyond the clock skew, and a clock that returns NaN', async () => {
    const site = await cookieSite()
    site.time = NOW + 300_001
    const cookies = await site.cookies()
    site.time = NOW
    expect(await site.visit(cookies)).toBe('undefined')
    site.time = NOW + 1
    expect(await site.visit(cookies)).toBe(ACCOUNT_A)
    site.time = Number.NaN
    expect(await site.visit(cookies)).toBe('undefined')
  })

  it('checks domain, resources and ability each time', async () => {
    const cookies = await (await cookieSite()).cookies()
    const seen = async (options: Partial<SessionCookieOptions>): Promise<string> =>
      (await cookieSite(options)).visit(cookies)
    expect(await seen({})).toBe(ACCOUNT_A)
    expect(await seen({ domains: ['other.example'] })).toBe('undefined')
    expect(await seen({ resources: ['https://api.example.com/notes/1'] })).toBe(ACCOUNT_A)
    expect(await seen({ resources: ['https://api.example.com/admin'] })).toBe('undefined')
    expect(await seen({ ability: { ability: 'notes/read', resource: RESOURCE } })).toBe('undefined')
    expect(await seen({ verifiers: { other: () => Promise.resolve() } })).toBe('undefined')
  })

  it('verifies the wallet’s signature even though the cookie is sealed, once for each capability', async () => {
    let count = 0
    const { eip191 } = ethereumVerifiers()
    const verifiers = {
      eip191: async (...given: unknown[]) => {
        count++
        await (eip191 as (...all: unknown[]) => Promise<void>)(...given)
      },
    }
    const site = await cookieSite({ verifiers })
    const [one, two] = [await site.cookies(), await site.cookies()]
    expect(count).toBe(1)
    for (const cookies of [one, two, one]) expect(await site.visit(cookies)).toBe(ACCOUNT_A)
    expect(count).toBe(2)
    const other = await testSigner('P-256', {}, KEY_B)
    const forged = {
      ...other,
      cacao: { ...other.cacao, p: { ...other.cacao.p, iss: `did:pkh:${ACCOUNT_A}` } },
    }
    expect((await site.post(forged as never)).status).toBe(401)
  })

  it('calls the revocation store each time, and rejects if that fails', async () => {
    const revocation = memoryRevocation({ now: () => NOW })
    const site = await cookieSite({ revocation })
    const cookies = await site.cookies()
    expect(await site.visit(cookies)).toBe(ACCOUNT_A)
    await revocation.revoke(site.signer.cacao)
    expect(await site.visit(cookies)).toBe('undefined')
    site.time += MAX_AGE_MS
    expect(await site.visit(cookies)).toBe('undefined')
    const answers: Record<string, () => unknown> = {
      'a store that fails': () => Promise.reject(new Error('no connection')),
      'a store that answers nonsense': () => 'no',
      'a store that hangs': () => new Promise(() => undefined),
    }
    for (const [, isRevoked] of Object.entries(answers)) {
      const failing = await cookieSite({ revocation: { isRevoked } as never, storeTimeoutMs: 1 })
      await expectCode('ERR_STORE_UNAVAILABLE', () => failing.visit(cookies))
    }
  })

  it('rejects while a chain does not answer', async () => {
    const cookies = await (await cookieSite()).cookies()
    const verifiers = {
      eip191: () => Promise.reject(new SessionError('ERR_RPC_UNAVAILABLE', 'the chain does not answer')),
    }
    const site = await cookieSite({ verifiers })
    await expectCode('ERR_RPC_UNAVAILABLE', () => site.visit(cookies))
    expect((await site.post()).status).toBe(503)
  })

  it('accepts a delegated capability only if that is allowed', async () => {
    const { key, cacao } = await testSigner()
    const heir = await generateSessionKey('P-256')
    const delegated = await delegate({ key, cacao }, { audience: heir.did }, NOW)
    const signer = {
      key: heir,
      cacao: delegated,
      sign: (request: Request, now = NOW) => signRequest(request, { key: heir, cacao: delegated }, now),
    }
    const [strict, lenient] = [await cookieSite(), await cookieSite({ delegation: { maxLinks: 2 } })]
    expect((await strict.post(signer)).status).toBe(401)
    const cookies = await lenient.cookies(signer)
    expect(await lenient.pages.read(cookies)).toMatchObject({
      account: ACCOUNT_A,
      keyDID: heir.did,
      root: cacao,
    })
    expect(await strict.visit(cookies)).toBe('undefined')
    const revocation = memoryRevocation({ now: () => NOW })
    await revocation.revoke(cacao)
    expect(await (await cookieSite({ delegation: { maxLinks: 2 }, revocation })).visit(cookies)).toBe(
      'undefined',
    )
  })

  it('accepts each authority of the server, and its base path', async () => {
    const site = await cookieSite({ authority: ['www.example.com', 'app.example.com'], basePath: '/v1' })
    const cookies = await (await cookieSite()).cookies()
    for (const host of ['www', 'app']) {
      const headers = { origin: `https://${host}.example.com` }
      expect(await site.visit(cookies, { method: 'POST', headers })).toBe(ACCOUNT_A)
    }
    expect(
      await site.visit(cookies, { method: 'POST', headers: { origin: 'https://api.example.com' } }),
    ).toBe('undefined')
    const signed = await site.signer.sign(new Request(`${ORIGIN}/v1/session`, { method: 'POST' }), NOW)
    const stripped = new Request(SESSION_URL, { method: 'POST', headers: signed.headers })
    expect((await site.pages.handler(stripped)).headers.getSetCookie().at(-1)).toContain('.%2Fv1%2Fsession;')
    const options = { script: '/refresh.js', login: '/login' }
    const { headers } = site.pages.refreshPage(new Request(`${ORIGIN}/account`, { method: 'POST' }), options)
    expect(headers.get('location')).toBe(`${ORIGIN}/v1/account`)
  })

  it('accepts a request that changes something only from a page of this origin', async () => {
    const site = await cookieSite()
    const cookies = await site.cookies()
    const visit = (method: string, headers: Record<string, string>) =>
      site.visit(cookies, { method, headers })
    const others: Record<string, string>[] = [
      {},
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { 'sec-fetch-site': 'same-site', origin: ORIGIN },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: `${ORIGIN}:444` },
      { origin: `${ORIGIN}.evil.example` },
    ]
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PURGE']) {
      for (const headers of others) expect(await visit(method, headers)).toBe('undefined')
      for (const own of [{ 'sec-fetch-site': 'same-origin' }, { origin: ORIGIN }] as Record<string, string>[])
        expect(await visit(method, own)).toBe(ACCOUNT_A)
    }
    for (const method of ['GET', 'HEAD'])
      for (const headers of others) expect(await visit(method, headers)).toBe(ACCOUNT_A)
    // If only the headers are passed, the method must be passed too.
    const read = (headers: Record<string, string>, method?: string) =>
      site.pages.read(new Headers({ ...headers, cookie: cookies }), method === undefined ? {} : { method })
    expect(await read({ origin: 'https://evil.example' }, 'POST')).toBeUndefined()
    expect(await read({ origin: ORIGIN }, 'POST')).toMatchObject({ account: ACCOUNT_A })
    expect(await read({ origin: 'https://evil.example' })).toMatchObject({ account: ACCOUNT_A })
    // If there are two methods, the stricter one counts.
    const get = new Request(ORIGIN, { headers: { cookie: cookies, origin: 'https://evil.example' } })
    expect(await site.pages.read(get)).toMatchObject({ account: ACCOUNT_A })
    expect(await site.pages.read(get, { method: 'POST' })).toBeUndefined()
    expect(() => site.pages.assertSameOrigin(new Headers({ origin: ORIGIN }))).not.toThrow()
    await expectCode('ERR_REQUEST_ORIGIN', () => site.pages.assertSameOrigin(new Headers()))
    await expectCode('ERR_REQUEST_ORIGIN', () => site.pages.assertSameOrigin(new Headers({ origin: 'null' })))
  })

  it('accepts the previous secret during a rotation', async () => {
    const next = crypto.getRandomValues(new Uint8Array(32))
    const cookies = await (await cookieSite()).cookies()
    expect(await (await cookieSite({ secret: [next, SECRET] })).visit(cookies)).toBe(ACCOUNT_A)
    expect(await (await cookieSite({ secret: next })).visit(cookies)).toBe('undefined')
  })

  it('works without TLS on localhost if secure is false', async () => {
    const local = { authority: 'localhost:3000', secure: false, name: 'notes' }
    const site = await cookieSite(local)
    const signed = await site.signer.sign(
      new Request('http://localhost:3000/session', { method: 'POST' }),
      NOW,
    )
    const response = await site.pages.handler(signed)
    expect(response.headers.getSetCookie().map((line) => line.replace(/=.*?;/, '=…;'))).toEqual([
      'notes=…; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax',
      'notes-until=…; Max-Age=600; Path=/; SameSite=Lax',
    ])
    expect(await site.visit(cookiesOf(response))).toBe(ACCOUNT_A)
    for (const authority of ['app.example.com', ['localhost:3000', 'app.example.com']])
      await expect(cookieSite({ ...local, authority })).rejects.toThrow(/^secure can be false only/)
  })
})

describe('refreshPage of sessionCookie', () => {
  const options = { script: '/refresh.js', login: '/login?from=here' }
  const get = new Request(`${ORIGIN}/account?page=1`)

  it('loads one script of this origin under a strict policy', async () => {
    const { pages } = await cookieSite()
    const response = pages.refreshPage(get, options)
    expect(response.status).toBe(401)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    )
    const html = await response.text()
    expect(html.match(/<script\b[^>]*>/g)).toEqual(['<script type="module" src="/refresh.js">'])
    expect(html).toContain('<script type="module" src="/refresh.js"></script>')
    expect(html).not.toMatch(/style|onerror|javascript:/)
    expect(html).toContain('<noscript><a href="/login?from=here">')
    const withNonce = pages.refreshPage(get, { ...options, nonce: 'abc+/123==' })
    expect(withNonce.headers.get('content-security-policy')).toContain("script-src 'self' 'nonce-abc+/123=='")
    expect(await withNonce.text()).toContain('<script type="module" src="/refresh.js" nonce="abc+/123==">')
  })

  it('redirects a request that is no navigation back to its URL on this origin', async () => {
    const { pages } = await cookieSite()
    for (const [url, location] of [
      [`${ORIGIN}/account?page=1`, `${ORIGIN}/account?page=1`],
      ['https://evil.example/account', `${ORIGIN}/account`],
      [`${ORIGIN}//evil.example/account`, `${ORIGIN}//evil.example/account`],
    ] as const) {
      const response = pages.refreshPage(new Request(url, { method: 'POST' }), options)
      expect([response.status, response.headers.get('location')]).toEqual([303, location])
    }
    for (const method of ['GET', 'HEAD']) {
      const response = pages.refreshPage(new Request(`${ORIGIN}/account`, { method }), options)
      expect(response.headers.get('location')).toBeNull()
    }
  })

  it.each<[string, Record<string, unknown>]>([
    ['script', { login: '/login' }],
    ['script', { ...options, script: 'https://evil.example/refresh.js' }],
    ['script', { ...options, script: '//evil.example/refresh.js' }],
    ['login', { ...options, login: undefined }],
    ['login', { ...options, login: '/\\evil.example' }],
    ['login', { ...options, login: 'javascript:alert(1)' }],
    ['login', { ...options, login: '/\t/evil.example' }],
    ['login', { ...options, login: '/a/../b' }],
    ['nonce', { ...options, nonce: `x" onload="alert(1)` }],
    ['nonce', { ...options, nonce: "x'; script-src *" }],
    ['there', { ...options, next: '/account' }],
  ])('throws for a wrong %s', async (name, wrong) => {
    const { pages } = await cookieSite()
    expect(() => pages.refreshPage(get, wrong as never)).toThrow(new RegExp(`^${name} `))
  })
})

describe('the options of sessionCookie', () => {
  it.each<[string, Record<string, unknown>]>([
    ['secret must', { secret: undefined }],
    ['secret must', { secret: 'correct horse battery staple, and some more' }],
    ['secret must', { secret: new Uint8Array(32) }],
    ['maxAgeSecs must', { maxAgeSecs: 0 }],
    ['maxAgeSecs must', { maxAgeSecs: 86_401 }],
    ['maxAgeSecs must', { maxAgeSecs: Number.NaN }],
    ['name must', { name: 'my app' }],
    ['name must', { name: 'a;b' }],
    ['name must', { name: '' }],
    ['secure must', { secure: 'no' }],
    ['resources is missing', { resources: undefined }],
    ["resources can't be a function", { resources: () => [] }],
    ["ability can't be a function", { ability: () => undefined }],
    ['domains must', { domains: undefined }],
    ['revocation is undefined', { revocation: undefined }],
    ['there is no option "maxAge"', { maxAge: 1 }],
    ['there is no option "check"', { check: 'first' }],
    ['there is no option "signedURLs"', { signedURLs: true }],
    ['there is no option "sameSite"', { sameSite: 'none' }],
    ['there is no option "prefix"', { prefix: '' }],
    ['here; there are secret, ', { refreshURL: '/refresh' }],
  ])('%s', async (message, options) => {
    await expect(cookieSite(options as never)).rejects.toThrow(message)
  })
})

describe('a cookie of sessionCookie', () => {
  it('is not interchangeable with one of cookieStore', async () => {
    const site = await cookieSite()
    const store = cookieStore(await site.cookies(), { secret: SECRET })
    expect(await store.getItem('cacao-session')).toBeUndefined()
    await store.setItem('cacao-session', 'AAAA')
    const theirs = store.setCookies().map((line) => line.split(';')[0])
    expect(theirs[0]).toMatch(new RegExp(`^${NAME}=`))
    expect(await site.visit(theirs.join('; '))).toBe('undefined')
  })
})

describe('nodeHandler of sessionCookie', () => {
  it('throws a TypeError at once for the reply of another framework, which it could not answer', async () => {
    const { pages } = await cookieSite()
    const reply = {
      headersSent: false,
      getHeader: () => undefined,
      setHeader: () => undefined,
      send: () => undefined,
    }
    const request = { method: 'POST', url: '/session', headers: { host: 'app.example.com' }, rawHeaders: [] }
    expect(() => pages.nodeHandler(request as never, reply as never)).toThrow(/^nodeHandler .* reply\.raw/)
  })

  const start = async (app: unknown): Promise<string> => {
    const server = createServer(app as never).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close().closeAllConnections())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    return `http://127.0.0.1:${port}/session`
  }
  const sender = async (site: CookieSite, app: unknown) => {
    const url = await start(app)
    return async (method: string, headers: Record<string, string> = {}): Promise<Response> => {
      const request = new Request(SESSION_URL, { method })
      const signed = method === 'POST' ? await site.signer.sign(request, site.time) : request
      return fetch(url, { method, headers: { ...Object.fromEntries(signed.headers), ...headers } })
    }
  }

  it('leaves a response alone that was sent while the request was verified', async () => {
    const site = await cookieSite()
    const send = await sender(site, (request: IncomingMessage, response: ServerResponse) => {
      site.pages.nodeHandler(request, response)
      response.writeHead(503).end()
    })
    // A second one, because a rejection that nobody handles comes after the first answer.
    for (let i = 0; i < 2; i++) expect((await send('POST')).status).toBe(503)
  })

  it.each<[string, (site: CookieSite) => unknown]>([
    ['node:http', ({ pages }) => pages.nodeHandler],
    ['Express', ({ pages }) => express().all('/session', pages.nodeHandler)],
    [
      'a router of Express',
      ({ pages }) => express().use('/session', express.Router().use(pages.nodeHandler)),
    ],
  ])('does the same in %s', async (_, app) => {
    const site = await cookieSite()
    const send = await sender(site, app(site))
    const set = await send('POST')
    expect(set.status).toBe(200)
    expect(await site.visit(cookiesOf(set))).toBe(ACCOUNT_A)
    expect((await send('GET')).status).toBe(405)
    const refused = await send('DELETE')
    expect([refused.status, await refused.json()]).toEqual([403, { code: 'ERR_REQUEST_ORIGIN' }])
    const cleared = await send('DELETE', { origin: ORIGIN })
    expect([cleared.status, cookiesOf(cleared, cookiesOf(set))]).toEqual([204, ''])
  })

  it('keeps the cookies that the app has already set', async () => {
    const site = await cookieSite()
    const app = express()
      .use((_request, response, next) => {
        response.cookie('theme', 'dark')
        next()
      })
      .all('/session', site.pages.nodeHandler)
    const set = await (await sender(site, app))('POST')
    expect(cookiesOf(set)).toMatch(new RegExp(`^theme=dark; ${NAME}=`))
  })

  it('adds to the Vary header of an earlier middleware when it refuses', async () => {
    const site = await cookieSite()
    const app = express()
      .use((_request, response, next) => {
        response.vary('Origin')
        next()
      })
      .all('/session', site.pages.nodeHandler)
    const refused = await (await sender(site, app))('DELETE')
    expect([refused.status, refused.headers.get('vary')]).toEqual([403, 'Origin, Authorization'])
  })

  it('answers an error of the server with 500, or passes it to the app', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    onTestFinished(() => logged.mockRestore())
    const fault = new RangeError('a fault of the server')
    const site = await cookieSite({
      domains: ['example.com'],
      onAdmitted: () => {
        throw fault
      },
    })
    const alone = await (await sender(site, site.pages.nodeHandler))('POST')
    expect([alone.status, alone.headers.getSetCookie(), logged.mock.lastCall]).toEqual([500, [], [fault]])
    const app = express()
      .all('/session', site.pages.nodeHandler)
      .use(
        (error: Error, _request: unknown, response: express.Response, _next: unknown) =>
          void response.status(500).send(error.message),
      )
    expect(await (await (await sender(site, app))('POST')).text()).toBe(fault.message)
  })

  it('accepts a request only once, together with handler', async () => {
    const site = await cookieSite()
    const request = await site.signer.sign(new Request(SESSION_URL, { method: 'POST' }), site.time)
    const headers = Object.fromEntries(request.headers)
    expect((await site.pages.handler(request)).status).toBe(200)
    const replayed = await fetch(await start(site.pages.nodeHandler), { method: 'POST', headers })
    expect(await replayed.json()).toEqual({ code: 'ERR_REQUEST_REPLAYED' })
  })
})

it('sessionCookie throws a TypeError without options', () => {
  expect(() => sessionCookie(undefined as never)).toThrow('options must be a plain object')
})
