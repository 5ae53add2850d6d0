import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import type { CookieStore } from '../../src/store/cookie-store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { sealedCookies, trustOptions } from '../setup/cookies.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
// A value that fills three cookies to the last byte, with the longest age.
const LONGEST = 'ü'.repeat(4463)
const maxAgeSecs = 400 * 24 * 60 * 60

/** What the server does at each path; the result is the response. */
const actions: Record<string, (cookies: CookieStore) => unknown> = {
  '/sign-in': async (cookies) =>
    (
      await DIDSession.get(ACCOUNT_A, auth, {
        resources: ['a:b'],
        store: stringStore(cookies),
        ...trustOptions,
      })
    ).keyDID,
  '/who': async (cookies) =>
    (await DIDSession.load(undefined, { store: stringStore(cookies), ...trustOptions }))?.keyDID ??
    'signed out',
  '/sign-out': async (cookies) => DIDSession.remove(ACCOUNT_A, { store: stringStore(cookies) }),
  '/fill': (cookies) => cookies.setItem('long', LONGEST),
  '/long': async (cookies) => (await cookies.getItem('long'))?.length ?? 'absent',
  '/empty': (cookies) => cookies.removeItem('long'),
}

let server: Server
let origin = ''
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? '', origin)
    // WebKit accepts no Secure cookies from localhost.
    const cookies = sealedCookies(request, { maxAgeSecs, secure: search !== '?insecure' })
    const answer = await actions[pathname]?.(cookies)
    cookies.apply(response)
    response.setHeader('content-type', 'text/html').end(`${answer ?? '<link rel="icon" href="data:,">'}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describeEngines('cookieStore', (engine) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser(engine)
    await browser.page.goto(origin)
  })
  afterAll(() => browser.close())

  const query = engine.name === 'webkitgtk' ? '?insecure' : ''
  const ask = (path: string): Promise<string> =>
    browser.page.evaluate(async (url) => (await fetch(url)).text(), path + query)

  it('signs in and out with cookies that no script can read', async () => {
    expect(await ask('/who')).toBe('signed out')
    const keyDID = await ask('/sign-in')
    expect(keyDID).toMatch(/^did:key:z6Mk/)
    expect([await ask('/who'), await ask('/sign-in')]).toEqual([keyDID, keyDID])
    expect(await browser.page.evaluate(() => document.cookie)).toBe('')
    await browser.page.reload()
    expect(await ask('/who')).toBe(keyDID)
    await ask('/sign-out')
    expect(await ask('/who')).toBe('signed out')
  })

  it('keeps the longest value that it accepts, and removes all of it', async () => {
    await ask('/fill')
    expect(await ask('/long')).toBe(`${LONGEST.length}`)
    await ask('/empty')
    expect(await ask('/long')).toBe('absent')
  })
})
