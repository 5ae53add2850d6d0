import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { describeEngines } from '../e2e/engines.js'
import type { Page } from '../e2e/page.js'
import type { Tab } from '../e2e/pages/tabs.js'
import { type PageServer, servePage } from '../e2e/server.js'
import { get, look, outcome, TABS_WITHOUT, tabOpener, waitForEvent } from './tab-pages.js'

declare const tab: Tab

let server: PageServer
beforeAll(async () => {
  server = await servePage('tabs.ts')
})
afterAll(() => server.close())

const sign = (page: Page): Promise<string> => page.evaluate(() => tab.sign())

describeEngines('a sign-out in a tab that has lost its database', (engine) => {
  let browser: Browser
  let open: ReturnType<typeof tabOpener>
  beforeAll(async () => {
    browser = await openBrowser(engine)
    open = tabOpener(server, browser)
  })
  afterAll(() => browser.close())

  /** Two tabs that are signed in. */
  async function signedIn(query: string): Promise<[Page, Page]> {
    const [one, two] = (await open(2, query)) as [Page, Page]
    await get(one)
    const keyDID = await outcome(one)
    await two.evaluate(() => tab.load())
    expect(await outcome(two)).toBe(keyDID)
    for (const page of [one, two]) expect(await sign(page)).toBe('64 bytes')
    return [one, two]
  }

  it.each(['connection-lost', 'refuses', 'forbidden', 'hangs'] as const)(
    'ends the key in every tab, and warns that the session may still be stored: %s',
    async (failure) => {
      const [one, two] = await signedIn('')
      await one.evaluate((how) => tab.lose(how), failure)
      expect(await one.evaluate(() => tab.signOut())).toBe('ERR_STORE_UNAVAILABLE')
      expect(await sign(one)).toBe('ERR_SESSION_REMOVED')
      await waitForEvent(two, 'events', 'removed')
      expect(await sign(two)).toBe('ERR_SESSION_REMOVED')
      expect(await look(two)).toMatchObject({ isAuthorized: false })
    },
  )

  it('also ends a session that only another tab has in memory', async () => {
    const [one, two] = (await open(2)) as [Page, Page]
    await one.evaluate(() => tab.lose('refuses'))
    await get(two)
    const keyDID = await outcome(two)
    await one.evaluate(() => tab.signOut())
    await waitForEvent(two, 'events', 'removed')
    expect(await sign(two)).toBe('ERR_SESSION_REMOVED')
    // A later sign-in has another key, which was not signed out.
    await get(two)
    expect(await outcome(two)).not.toBe(keyDID)
    expect(await sign(two)).toBe('64 bytes')
  })

  it.each(TABS_WITHOUT)('ends the session in every tab when the database was deleted%s', async (_, query) => {
    const [one, two] = await signedIn(query)
    await two.evaluate(() => tab.evict())
    expect(await one.evaluate(() => tab.signOut())).toBe('removed')
    expect(await sign(one)).toBe('ERR_SESSION_REMOVED')
    await waitForEvent(two, 'events', 'removed')
    expect(await sign(two)).toBe('ERR_SESSION_REMOVED')
  })
})
