import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { get, look, outcome, show, waitForEvent } from '../tabs/tab-pages.js'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'
import type { App } from './pages/cookie-app.js'
import type { Tab } from './pages/tabs.js'
import { type Site, startSite } from './pages-site.js'
import { type PageServer, servePage } from './server.js'

// Pages that were left and that the browser restores from its back/forward cache: their scripts did not run meanwhile, and
// received no messages.

declare const tab: Tab
declare const app: App

/** Leaves the page, which the browser keeps in memory. */
async function leave(page: Page, url: string): Promise<void> {
  await page.evaluate(() =>
    addEventListener('pageshow', ({ persisted }) => Object.assign(globalThis, { isBack: persisted })),
  )
  await page.goto(url)
}

/** Goes back to the same page, as it was left. */
async function back(page: Page): Promise<void> {
  await page.goBack()
  expect(await page.waitFor(() => 'isBack' in globalThis && [globalThis.isBack])).toEqual([true])
}

describeEngines('a page that is restored by the back button', (engine) => {
  let browser: Browser
  let page: Page
  let other: Page
  beforeAll(async () => {
    browser = await openBrowser(engine, { keepsPages: true })
    page = browser.page
    other = await browser.newPage()
  })
  afterAll(() => browser?.close())

  describe('of an app', () => {
    let server: PageServer
    let count = 0
    const url = (query: string) => `${server.origin}/?namespace=${engine.name}-${count}${query}`
    beforeAll(async () => {
      server = await servePage('tabs.ts', {
        headers: { 'cache-control': 'no-cache' },
        handle: (_, response) =>
          response.writeHead(200, { 'content-type': 'text/html' }).end('<title>away</title>'),
      })
    })
    afterAll(() => server?.close())
    beforeEach(async () => {
      count++
      await show(page, url(''))
      // It sends no messages, because the browser may discard a kept page that receives one.
      await show(other, url('&no-channel'))
    })
    const away = () => leave(page, `${server.origin}/away`)

    async function signedIn(): Promise<string> {
      await get(page)
      return outcome(page)
    }

    it('still has its session', async () => {
      const keyDID = await signedIn()
      await away()
      await back(page)
      expect(await page.evaluate(() => tab.sign())).toBe('64 bytes')
      expect(await look(page)).toMatchObject({ keyDID, isAuthorized: true, events: [], prompts: 1 })
    })

    it('notices that the person has signed out in another tab', async () => {
      await signedIn()
      await away()
      await other.evaluate(() => tab.removeAll())
      await back(page)
      await waitForEvent(page, 'events', 'removed')
      expect(await page.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')
      expect(await look(page)).toMatchObject({ isAuthorized: false, changes: ['signed-in', 'removed'] })
    })

    it('notices that the person has signed in in another tab', async () => {
      await away()
      await get(other)
      await outcome(other)
      await back(page)
      await waitForEvent(page, 'changes', 'signed-in')
    })

    it('gets the session that was renewed in another tab', async () => {
      const before = await signedIn()
      await away()
      await other.evaluate(() => tab.load())
      expect(await outcome(other)).toBe(before)
      await other.evaluate(() => tab.renew())
      const renewed = await outcome(other)
      await back(page)
      await waitForEvent(page, 'events', 'renewed')
      expect(await look(page)).toMatchObject({ keyDID: renewed, isAuthorized: true, prompts: 1 })
      expect(await page.evaluate(() => tab.sign())).toBe('64 bytes')
    })

    it('is signed out however it is restored, if another tab signed out meanwhile', async () => {
      await signedIn()
      await away()
      await show(other, url(''))
      await other.evaluate(() => tab.removeAll())
      await page.goBack()
      // Chromium discards it, and loads it again.
      await page.waitFor(async () => 'tab' in globalThis && (await tab.look()).explained === 'none')
      await page.waitFor(async () => !(await tab.look()).isAuthorized)
      expect(await page.evaluate(() => tab.sign())).not.toBe('64 bytes')
    })
  })

  describe('of an app that keeps a cookie', () => {
    let site: Site
    beforeEach(async () => {
      site = await startSite()
      site.caching = 'no-cache'
      await page.goto(`${site.origin}/login`)
      await page.waitFor(() => 'app' in globalThis)
      expect(await page.evaluate(() => app.signIn())).toBe('kept')
    })
    afterEach(() => site?.close())

    it('sets a missing cookie again', async () => {
      await leave(page, `${site.origin}/clock`)
      await other.goto(`${site.origin}/clock`)
      await other.evaluate(() => {
        for (const pair of document.cookie.split('; ')) {
          // biome-ignore lint/suspicious/noDocumentCookie: as a browser does that has run out of space for cookies
          document.cookie = `${pair}; path=/; secure; max-age=0`
        }
        if (document.cookie !== '') throw new Error(`there still is ${document.cookie}`)
      })
      site.log.length = 0
      await back(page)
      await page.waitFor(() => app.look().cookies !== '')
      expect(site.log).toEqual(['POST /session'])
    })

    it('has no cookie after the person has signed out in another tab', async () => {
      await leave(page, `${site.origin}/clock`)
      await other.goto(`${site.origin}/login?no-channel`)
      await other.waitFor(() => 'app' in globalThis && app.look().kept === 'kept')
      await other.evaluate(() => app.remove())
      await other.waitFor(() => app.look().cookies === '')
      await back(page)
      await page.waitFor(() => !app.look().isSignedIn)
      await page.evaluate(() => app.settled())
      await page.waitFor(() => app.look().cookies === '')
    })
  })
})

declare global {
  var isBack: boolean
}
