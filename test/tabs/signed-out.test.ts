import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { describeEngines } from '../e2e/engines.js'
import type { Page } from '../e2e/page.js'
import type { Tab } from '../e2e/pages/tabs.js'
import { type PageServer, servePage } from '../e2e/server.js'
import { get, hears, look, outcome, tabOpener } from './tab-pages.js'

declare const tab: Tab

let server: PageServer
beforeAll(async () => {
  server = await servePage('tabs.ts')
})
afterAll(() => server.close())

const sign = (page: Page): Promise<string> => page.evaluate(() => tab.sign())

describeEngines('signing out in a tab whose database is lost', (engine) => {
  let browser: Browser
  let open: ReturnType<typeof tabOpener>
  beforeAll(async () => {
    browser = await openBrowser(engine)
    open = tabOpener(server, browser)
  })
  afterAll(() => browser.close())

  it.each(['refuses', 'connection-lost', 'hangs'] as const)(
    'ends the session in every tab, and says what may stay: %s',
    async (failure) => {
      const [one, two] = (await open(2)) as [Page, Page]
      await get(one)
      const keyDID = await outcome(one)
      await two.evaluate(() => tab.load())
      expect(await outcome(two)).toBe(keyDID)
      await one.evaluate((kind) => tab.fail(kind), failure)
      expect(await one.evaluate(() => tab.removeOr())).toBe('ERR_STORE_UNAVAILABLE')
      expect(await sign(one)).toBe('ERR_SESSION_REMOVED')
      await hears(two, 'events', 'removed')
      expect(await sign(two)).toBe('ERR_SESSION_REMOVED')
      // It is what the error speaks of.
      expect(await look(two)).toMatchObject({ stored: [keyDID], isAuthorized: false })
    },
  )

  it('ends a session, too, that only another tab has at hand', async () => {
    const [one, two] = (await open(2)) as [Page, Page]
    await one.evaluate(() => tab.fail('refuses'))
    await get(two)
    const keyDID = await outcome(two)
    await one.evaluate(() => tab.removeAllOr())
    await hears(two, 'events', 'removed')
    expect(await sign(two)).toBe('ERR_SESSION_REMOVED')
    // Who signs in afterwards is somebody new.
    await get(two)
    expect(await outcome(two)).not.toBe(keyDID)
    expect(await sign(two)).toBe('64 bytes')
  })

  it('ends the session in every tab after the database was thrown away', async () => {
    const [one, two] = (await open(2)) as [Page, Page]
    await get(one)
    await outcome(one)
    await two.evaluate(() => tab.load())
    await outcome(two)
    await one.evaluate(() => tab.evict())
    await one.evaluate(() => tab.removeOr())
    expect(await sign(one)).toBe('ERR_SESSION_REMOVED')
    await hears(two, 'events', 'removed')
    expect(await sign(two)).toBe('ERR_SESSION_REMOVED')
  })
})
