import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import { openTabs } from './open-tabs.js'
import type { Page } from './page.js'
import type { Tab } from './pages/tabs.js'
import { type PageServer, servePage } from './server.js'
import { answer, get, hears, look, outcome, prompted, showTogether, TABS_WITHOUT } from './tab-pages.js'

declare const tab: Tab

// What a machine under load may take on top of what is due.
const SLACK_MS = 4000

let server: PageServer
beforeAll(async () => {
  server = await servePage('tabs.ts')
})
afterAll(() => server.close())

const isHidden = (page: Page): Promise<boolean> => page.evaluate(() => document.hidden)

describeEngines('a hidden tab', (engine) => {
  let tabs: Awaited<ReturnType<typeof openTabs>>
  beforeAll(async () => {
    const paths = TABS_WITHOUT.flatMap(([, query]) => {
      const path = `/?namespace=${randomUUID()}${query}`
      return [path, path]
    })
    tabs = await openTabs(engine, paths)
  })
  afterAll(() => tabs.close())

  it.each(TABS_WITHOUT)('hears of the end of its session%s', async (without) => {
    const at = TABS_WITHOUT.findIndex(([name]) => name === without)
    const pair = tabs.pages.slice(2 * at, 2 * at + 2)
    // Only one tab of all is seen.
    const [one, two] = ((await isHidden(pair[0] as Page)) ? pair : pair.reverse()) as [Page, Page]
    await get(two)
    const keyDID = await outcome(two)
    await one.evaluate(() => tab.load())
    expect(await outcome(one)).toBe(keyDID)
    await two.evaluate(() => tab.remove())
    await hears(one, 'events', 'removed')
    expect(await one.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')

    await get(two, { expiresInSecs: 2 })
    await outcome(two)
    await one.evaluate(() => tab.load())
    await outcome(one)
    await hears(one, 'events', 'expired')
    const { startedAt } = await look(two)
    const late = (await look(one)).heardAt - (startedAt + 2000)
    expect(late).toBeGreaterThanOrEqual(-1000)
    expect(late).toBeLessThan(SLACK_MS)
    expect(await one.evaluate(() => tab.sign())).toBe('ERR_CAPABILITY_EXPIRED')
    expect(await isHidden(one)).toBe(true)
  })
})

describeEngines('a tab that is closed', (engine) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser(engine)
  })
  afterAll(() => browser.close())

  it.each(TABS_WITHOUT)('while its prompt is open lets another go on%s', async (without, query) => {
    const hasLocks = without === ''
    const [one, two] = [await browser.newPage(), browser.page]
    await showTogether(server, [one, two], `&ask${query}`)
    await get(one)
    await prompted(one)
    // The browser lets go of its lock: then it takes no bound.
    await get(two, hasLocks ? {} : { waitSecs: 1 })
    if (hasLocks) await two.waitFor(async () => (await navigator.locks.query()).pending?.length)
    const closedAt = Date.now()
    await one.close()
    await prompted(two)
    const { promptedAt, startedAt } = await look(two)
    expect(promptedAt).toBeGreaterThanOrEqual(closedAt)
    expect(promptedAt - (hasLocks ? closedAt : startedAt + 1000)).toBeLessThan(SLACK_MS)
    await answer(two, 'sign')
    expect(await outcome(two)).toMatch(/^did:key:/)
  })
})

// Only Chromium can be told to do what it does with tabs that are long unseen.
describeEngines(
  'a frozen tab',
  (engine) => {
    let browser: Browser
    beforeAll(async () => {
      browser = await openBrowser(engine)
    })
    afterAll(() => browser.close())

    async function setState(index: number, state: 'frozen' | 'active'): Promise<void> {
      const { context } = browser
      const page = context?.pages()[index]
      if (!context || !page) throw new Error(`no tab ${index}`)
      const devTools = await context.newCDPSession(page)
      await devTools.send('Page.setWebLifecycleState', { state })
      await devTools.detach()
    }

    it.each(TABS_WITHOUT)('learns what it has missed when it is thawed%s', async (_, query) => {
      const [one, two] = [browser.page, await browser.newPage()]
      await showTogether(server, [one, two], query)
      await get(one)
      const keyDID = await outcome(one)
      await two.evaluate(() => tab.load())
      expect(await outcome(two)).toBe(keyDID)
      await setState(0, 'frozen')
      await two.evaluate(() => tab.remove())
      await setState(0, 'active')
      await hears(one, 'events', 'removed')
      expect(await one.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')
      await two.close()
    })
  },
  ['chromium'],
)
