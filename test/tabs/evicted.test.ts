import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { describeEngines } from '../e2e/engines.js'
import type { Page } from '../e2e/page.js'
import type { Tab } from '../e2e/pages/tabs.js'
import { type PageServer, servePage } from '../e2e/server.js'
import { answer, get, look, outcome, prompted, TABS_WITHOUT, tabOpener, waitForEvent } from './tab-pages.js'

declare const tab: Tab

let server: PageServer
beforeAll(async () => {
  server = await servePage('tabs.ts')
})
afterAll(() => server.close())

const load = (page: Page): Promise<void> => page.evaluate(() => tab.load())
const sign = (page: Page): Promise<string> => page.evaluate(() => tab.sign())

/** Deletes the database, as when the person clears it or another script of the origin does. */
const byPage = (page: Page): Promise<void> => page.evaluate(() => tab.evict())

describeEngines('a session whose database is evicted', (engine) => {
  let browser: Browser
  let open: ReturnType<typeof tabOpener>
  beforeAll(async () => {
    browser = await openBrowser(engine)
    open = tabOpener(server, browser)
  })
  afterAll(() => browser.close())

  /** As browsers do when they run out of space. */
  async function byBrowser(): Promise<void> {
    const { context } = browser
    const page = context?.pages()[0]
    if (!context || !page) throw new Error('only Chromium can be told to')
    const devTools = await context.newCDPSession(page)
    await devTools.send('Storage.clearDataForOrigin', { origin: server.origin, storageTypes: 'indexeddb' })
    await devTools.detach()
  }

  /** Two tabs with the session, and a third one without. */
  async function signedIn(query = ''): Promise<[one: Page, two: Page, three: Page, keyDID: string]> {
    const [one, two, three] = (await open(3, query)) as [Page, Page, Page]
    await get(one)
    const keyDID = await outcome(one)
    await load(two)
    expect(await outcome(two)).toBe(keyDID)
    return [one, two, three, keyDID]
  }

  const ways = [['by a page', byPage] as const, ['by the browser', byBrowser] as const]

  it.each(engine.name === 'chromium' ? ways : ways.slice(0, 1))(
    '%s works on in open tabs, and needs one prompt for a new session',
    async (_, evict) => {
      const [one, two, three, keyDID] = await signedIn()
      await evict(three)
      for (const page of [one, two]) {
        expect(await sign(page)).toBe('64 bytes')
        const seen = await look(page)
        expect(seen).toMatchObject({ keyDID, isAuthorized: true, stored: [], explained: 'evicted' })
        expect(seen.events).toEqual([])
      }
      await load(three)
      expect(await outcome(three)).toBe('none')
      expect(await look(three)).toMatchObject({ explained: 'evicted' })

      await get(three)
      const anew = await outcome(three)
      expect(anew).not.toBe(keyDID)
      for (const page of [one, two]) {
        await waitForEvent(page, 'events', 'renewed')
        expect(await look(page)).toMatchObject({ keyDID: anew, stored: [anew], explained: 'ok' })
        expect(await sign(page)).toBe('64 bytes')
      }
      expect((await look(one)).prompts).toBe(1)
      expect((await look(three)).prompts).toBe(1)
    },
  )

  it('can be renewed in an open tab', async () => {
    const [one, two, three, keyDID] = await signedIn()
    await byPage(three)
    await two.evaluate(() => tab.renew())
    const renewed = await outcome(two)
    expect(renewed).toMatch(/^did:key:/)
    expect(renewed).not.toBe(keyDID)
    await waitForEvent(one, 'events', 'renewed')
    expect(await look(one)).toMatchObject({ keyDID: renewed, stored: [renewed], explained: 'ok' })
    expect((await look(two)).prompts).toBe(1)
  })

  it.each(TABS_WITHOUT)('can be signed out, in all tabs%s', async (_, query) => {
    const [one, two, three] = await signedIn(query)
    await byPage(three)
    await two.evaluate(() => tab.remove())
    expect(await sign(two)).toBe('ERR_SESSION_REMOVED')
    await waitForEvent(one, 'events', 'removed')
    expect(await sign(one)).toBe('ERR_SESSION_REMOVED')
    for (const page of [one, two, three]) expect(await look(page)).toMatchObject({ explained: 'none' })
  })

  it('is stored even if the database is deleted while its prompt is open', async () => {
    const [one, two] = (await open(2, '&ask')) as [Page, Page]
    await get(one)
    await prompted(one)
    await byPage(two)
    await answer(one, 'approves')
    const keyDID = await outcome(one)
    expect(await look(two)).toMatchObject({ stored: [keyDID], explained: 'ok' })
    await waitForEvent(two, 'changes', 'signed-in')
  })
})
