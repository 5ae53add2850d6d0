import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random } from '../fuzz/random.js'
import { integer, SEED } from '../setup/seed.js'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'
import type { ManyTabsApp } from './pages/many-tabs-app.js'
import { type Site, startSite } from './pages-site.js'

// Several tabs of one person, who does something in each of them at the same time. What happens first is up to the browser, so the
// test only checks that all tabs agree afterwards. `MANY_TABS_ROUNDS` and `FUZZ_SEED` try more of it.

declare const app: ManyTabsApp

const ROUNDS = integer('MANY_TABS_ROUNDS', 8)
const TABS = 4
// The time at which the cookie must be renewed.
const DUE_MS = 545_000

async function arrived(page: Page): Promise<Awaited<ReturnType<ManyTabsApp['look']>>> {
  for (;;) {
    // A call to a page that is left meanwhile has no result.
    const seen = await page
      .evaluate(async () => 'app' in globalThis && (await app.look()))
      .catch(() => false as const)
    if (seen) return seen
  }
}

describeEngines('tabs in which things happen at the same time', (engine) => {
  let browser: Browser
  let site: Site
  beforeAll(async () => {
    site = await startSite('many-tabs-app.ts')
    browser = await openBrowser(engine)
  })
  afterAll(async () => {
    await browser.close()
    await site.close()
  })

  /** Does something in a tab, and returns what that was. */
  async function act(tab: Page, random: Random): Promise<string> {
    const which = random.below(2)
    switch (random.below(8)) {
      case 0:
      case 1:
        return `signs in ${which}: ${await tab.evaluate((wallet) => app.signIn(wallet), which)}`
      case 2:
        return `renews: ${await tab.evaluate(() => app.renew())}`
      case 3:
        return `removes: ${await tab.evaluate(() => app.remove())}`
      case 4:
        await tab.evaluate((wallet) => app.signOut(wallet), which)
        return `signs out ${which}`
      case 5:
        await tab.goto(`${site.origin}/account`)
        return `navigates: ${(await arrived(tab)).path}`
      default:
        return 'rests'
    }
  }

  it('agree about who is signed in', { timeout: 600_000 }, async () => {
    const random = new Random(SEED)
    const tabs = [browser.page]
    while (tabs.length < TABS) tabs.push(await browser.newPage())
    for (const tab of tabs) {
      await tab.goto(`${site.origin}/login`)
      await arrived(tab)
    }
    const settle = (): Promise<unknown> => Promise.all(tabs.map((tab) => tab.evaluate(() => app.settled())))
    for (let round = 1; round <= ROUNDS; round++) {
      if (random.oneIn(3)) {
        site.ahead += DUE_MS
        await Promise.all(tabs.map((tab) => tab.evaluate((ms) => app.wake(ms), site.ahead)))
        await settle()
      }
      const acts = await Promise.all(tabs.map((tab) => act(tab, random)))
      await settle()
      await settle()
      const last = await browser.page.evaluate(() => app.last())
      const looks = await Promise.all(tabs.map((tab) => tab.evaluate(() => app.look())))
      const rendered = await browser.page.evaluate(() => app.rendered())
      const hint = JSON.stringify({ round, acts, last, rendered, looks }, undefined, 1)
      const stored = looks[0]?.stored ?? []
      const isStored = (keyDID: string): boolean => stored.some((session) => session.endsWith(keyDID))
      for (const look of looks) {
        expect(look.stored, hint).toEqual(stored)
        expect(look.isSignedIn, hint).toBe(look.shown !== undefined && isStored(look.shown))
      }
      // A cookie is of an account that is signed in; of the one used last, only once a page has been loaded.
      expect(stored.join(), hint).toContain(rendered ?? '')
      const tab = random.pick(tabs)
      await tab.goto(`${site.origin}/login`)
      const { kept } = await arrived(tab)
      expect(kept, hint).toBe(last ? 'kept' : 'nobody')
      if (!last) continue
      await tab.goto(`${site.origin}/account`)
      expect((await arrived(tab)).who, hint).toBe(last.account)
    }
  })
})
