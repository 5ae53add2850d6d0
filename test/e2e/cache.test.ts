import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'

// Two people use one browser, one after the other: its HTTP cache must not give the second one a response for the first.

const domain = 'app.example'
// Headers of a handler with which a browser caches the response for a minute.
const KEPT = 'max-age=60'

let server: Server
let origin: string
let answered = 0
let people: readonly [DIDSession, DIDSession]
beforeAll(async () => {
  server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `localhost:${(server.address() as AddressInfo).port}`
  origin = `http://${host}`
  const admit = requireSession({
    verifiers: ethereumVerifiers(),
    authority: host,
    domains: [domain],
    resources: [`${origin}/*`],
    replay: false,
  })
  server.on('request', (request, response) => {
    const url = new URL(request.url ?? '/', origin)
    if (url.pathname === '/')
      return response.setHeader('content-type', 'text/html').end('<link rel="icon" href="data:,">')
    answered++
    const [, caching] = url.pathname.split('/')
    if (caching === 'kept') response.setHeader('cache-control', KEPT)
    // As without the middleware: the response does not say that it is private.
    if (url.pathname.endsWith('/unmarked')) return response.end(request.headers['x-person'])
    return admit(request, response, () => response.end(callerOf(request).account))
  })
  const sign = (key: string) =>
    DIDSession.authorize(ethereumAuth(key, undefined, { domain }), { resources: [`${origin}/*`] })
  people = [await sign(KEY_A), await sign(KEY_B)]
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

describeEngines('the browser’s cache', (engine) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await openBrowser(engine)
    page = browser.page
    await page.goto(origin)
  })
  afterAll(() => browser.close())

  const ask = (url: string, headers: Record<string, string>): Promise<string> =>
    page.evaluate(async (to, sent) => (await fetch(to, { headers: sent })).text(), url, headers)
  /** The response to each of them, one after the other. */
  async function answersOf(path: string): Promise<string[]> {
    const url = `${origin}/${path}?${engine.name}`
    const answers: string[] = []
    for (const person of people) {
      const { headers } = await person.signRequest(new Request(url))
      answers.push(await ask(url, { ...Object.fromEntries(headers), 'x-person': person.id }))
    }
    return answers
  }

  it('would show one person’s response to the next if it were not marked as private', async () => {
    const [first, second] = await answersOf('kept/unmarked')
    // WebKitGTK caches nothing when it's driven.
    const kept = engine.name === 'webkitgtk' ? people[1] : people[0]
    expect([first, second]).toEqual([people[0].id, kept.id])
  })

  it('keeps each person’s response apart, even if a handler allows caching', async () => {
    for (const path of ['kept/mine', 'plain/mine'])
      expect(await answersOf(path)).toEqual([ACCOUNT_A, ACCOUNT_B])
  })

  it('keeps no response unless a handler allows it', async () => {
    const url = `${origin}/plain/again?${engine.name}`
    const before = answered
    for (let i = 0; i < 2; i++) {
      const { headers } = await people[0].signRequest(new Request(url))
      expect(await ask(url, Object.fromEntries(headers))).toBe(ACCOUNT_A)
    }
    expect(answered - before).toBe(2)
  })
})
