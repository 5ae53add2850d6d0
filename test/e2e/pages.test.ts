import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'
import type { App } from './pages/cookie-app.js'
import { type Site, startSite } from './pages-site.js'
import { temporaryFolder } from './temporary-folder.js'

// Server-rendered pages that show who is signed in, by a cookie that only the session key can renew.

declare const app: App

const DAY_MS = 86_400_000
const MAX_AGE_MS = 600_000
// The time at which the cookie must be renewed.
const DUE_MS = 545_000
// Only limits calls that hang, because a busy machine is only slow.
const WAIT = { timeout: 120_000 }

let site: Site
// A site for each test: a new origin, and a clock that never goes back.
beforeEach(async () => {
  site = await startSite()
})
afterEach(() => site.close())

const look = (page: Page): Promise<ReturnType<App['look']>> => page.evaluate(() => app.look())

/** Navigates to the path, and waits for the final page. */
async function visit(page: Page, path: string): Promise<ReturnType<App['look']>> {
  await page.goto(site.origin + path)
  return arrived(page)
}

async function arrived(page: Page): Promise<ReturnType<App['look']>> {
  for (;;) {
    // A call to a page that is left meanwhile has no result.
    const seen = await page.evaluate(() => 'app' in globalThis && app.look()).catch(() => false as const)
    if (seen) return seen
  }
}

/** Sets a Chromium profile to refuse cookies, as a person can in the settings. */
async function forbidCookies(profileDir: string): Promise<void> {
  const setting = { profile: { default_content_setting_values: { cookies: 2 } } }
  await mkdir(join(profileDir, 'Default'), { recursive: true })
  await writeFile(join(profileDir, 'Default/Preferences'), JSON.stringify(setting))
}

const posts = (): number => site.log.filter((line) => line === 'POST /session').length

describeEngines('pages that a server renders', (engine) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await openBrowser(engine)
    page = browser.page
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    await visit(page, '/login')
    site.log.length = 0
  })

  it('show the account, and none after a sign-out in another tab', async () => {
    expect((await visit(page, '/account')).path).toBe('/login')
    expect(await page.evaluate(() => app.signIn())).toBe('kept')
    const shown = await visit(page, '/account?page=1#notes')
    expect(shown.who).toMatch(/^eip155:1:0x/)
    const other = await browser.newPage()
    expect((await visit(other, '/account')).who).toBe(shown.who)
    await other.evaluate(() => app.remove())
    expect((await visit(page, '/account')).path).toBe('/login')
    expect(site.log).toContain('DELETE /session')
    // The earlier page is not shown again, even with a back/forward cache.
    site.log.length = 0
    await page.goBack()
    await expect.poll(() => site.log.join(), WAIT).toContain('GET /login')
    expect((await arrived(page)).who).toBe('Sign in here')
    expect(site.log).toContain('GET /account?page=1 undefined')
    await other.close()
  })

  it('show no account once its session was revoked, and do not reload endlessly', async () => {
    await page.evaluate(() => app.signIn())
    expect((await visit(page, '/account')).who).toMatch(/^eip155:1:0x/)
    expect(await page.evaluate(() => app.revoke())).toBe(200)
    const after = await visit(page, '/account')
    expect(after).toMatchObject({ path: '/login', kept: 'ERR_COOKIE_FAILED', isSignedIn: true })
    expect(String(after.failures)).toContain('401 (ERR_CAPABILITY_REVOKED)')
  })

  it('load after one redirect on the next day, without a login page or a prompt', async () => {
    await page.evaluate(() => app.signIn())
    const { who, depth } = await visit(page, '/account')
    site.ahead = DAY_MS
    site.log.length = 0
    expect(await visit(page, '/account?from=mail#top')).toMatchObject({
      who,
      path: '/account?from=mail#top',
      prompts: 0,
      depth: depth + 1,
    })
    expect(site.log.slice(0, 3)).toEqual([
      'GET /account?from=mail stale',
      'POST /session',
      expect.stringMatching(/^GET \/account\?from=mail 0x/),
    ])
    expect(site.log.filter((line) => line.startsWith('GET'))).toHaveLength(2)
  })

  it('show a form again that was sent too late, which changes nothing', async () => {
    await page.evaluate(() => app.signIn())
    await visit(page, '/account')
    site.ahead = DAY_MS
    site.log.length = 0
    await page.evaluate(() => {
      const form = document.body.appendChild(document.createElement('form'))
      Object.assign(form, { method: 'post', action: '/account' })
      setTimeout(() => form.submit())
    })
    await expect
      .poll(() => site.log.join(), WAIT)
      .toMatch(/POST \/account stale.*GET \/account stale.*GET \/account 0x/)
    expect((await arrived(page)).path).toBe('/account')
  })

  it('show the account only for a short time to someone who copied the cookie but not the key', async () => {
    await page.evaluate(() => app.signIn())
    const { who } = await visit(page, '/account')
    const [copied, there] = [site.cookies, await openBrowser(engine)]
    try {
      await there.page.goto(`${site.origin}/plant?cookies=${encodeURIComponent(copied)}`)
      expect((await visit(there.page, '/account')).who).toBe(who)
      expect(await there.page.evaluate(() => app.steal())).toBe(401)
      site.ahead = MAX_AGE_MS
      site.log.length = 0
      expect((await visit(there.page, '/account')).path).toBe('/login')
      expect(site.log).toEqual(['GET /account stale', 'GET /login stale'])
      expect(await there.page.evaluate(() => app.steal())).toBe(401)
    } finally {
      await there.close()
    }
    expect((await visit(page, '/account')).who).toBe(who)
  })

  it('do not reload endlessly if the browser keeps no cookies or the server accepts none', async () => {
    site.losesCookies = true
    expect(await page.evaluate(() => app.signIn())).toBe('ERR_COOKIE_FAILED')
    expect(String((await look(page)).failures)).toContain('did not keep it')
    expect((await visit(page, '/account')).path).toBe('/login')
    site.losesCookies = false
    await visit(page, '/login')
    await visit(page, '/account')
    for (const trouble of ['losesCookies', 'doubts'] as const) {
      site.ahead += MAX_AGE_MS
      site[trouble] = true
      site.log.length = 0
      expect((await visit(page, `/account?${trouble}`)).path).toBe('/login')
      const hops = trouble === 'doubts' ? 2 : 1
      expect(site.log.filter((line) => line === `GET /account?${trouble} stale`)).toHaveLength(hops)
      site[trouble] = false
      expect((await visit(page, '/account')).who).toMatch(/^eip155/)
    }
  })

  // WebKitGTK has no such setting from outside.
  it.runIf(engine.name !== 'webkitgtk')(
    'show a message if the browser is set to keep no cookies',
    async () => {
      const profileDir = await temporaryFolder()
      await forbidCookies(profileDir)
      const there = await openBrowser(engine, {
        profileDir,
        firefoxPrefs: { 'network.cookie.cookieBehavior': 2 },
      })
      try {
        expect((await visit(there.page, '/login')).kept).toBe('nobody')
        expect(await there.page.evaluate(() => app.signIn())).toBe('ERR_COOKIE_FAILED')
        expect(String((await look(there.page)).failures)).toContain('allow cookies for this site')
        expect((await visit(there.page, '/account')).path).toBe('/login')
        expect(site.log.filter((line) => line.startsWith('GET /account'))).toEqual(['GET /account undefined'])
      } finally {
        await there.close()
      }
    },
  )

  it('show the account that signed in last, in every tab', async () => {
    await page.evaluate(() => app.signIn())
    const { who } = await visit(page, '/account')
    const other = await browser.newPage()
    await visit(other, '/login')
    expect(await other.evaluate(() => app.signIn(1))).toBe('kept')
    const second = await visit(other, '/account')
    expect(second.who).toMatch(/^eip155/)
    expect(second.who).not.toBe(who)
    await page.evaluate(() => app.settled())
    site.log.length = 0
    site.ahead = DUE_MS
    await page.evaluate((ms) => app.wake(ms), DUE_MS)
    await page.evaluate(() => app.settled())
    expect(posts()).toBe(0)
    expect((await visit(page, '/account')).who).toBe(second.who)
    await other.close()
  })

  it('continue with a renewed session', async () => {
    await page.evaluate(() => app.signIn())
    const { who } = await visit(page, '/account')
    const key = await page.evaluate(() => app.renew())
    await page.waitFor((did) => app.look().cookies.includes(did), String(key).replace('did:key:', ''))
    expect((await visit(page, '/account')).who).toBe(who)
  })

  it('renew the cookie once, in however many tabs they are open', async () => {
    await page.evaluate(() => app.signIn())
    const tabs = [page]
    while (tabs.length < 20) tabs.push(await browser.newPage())
    await Promise.all(tabs.map((tab) => visit(tab, '/account')))
    for (const due of [DUE_MS, 2 * DUE_MS]) {
      site.log.length = 0
      site.ahead = due
      await Promise.all(tabs.map((tab) => tab.evaluate((ms) => app.wake(ms), due)))
      await Promise.all(tabs.map((tab) => tab.evaluate(() => app.settled())))
      expect(site.log).toEqual(['POST /session'])
    }
    await tabs[3]?.evaluate(() => app.remove())
    await Promise.all(tabs.map((tab) => tab.waitFor(() => !app.look().isSignedIn)))
    await Promise.all(tabs.map((tab) => tab.evaluate(() => app.settled())))
    expect(site.log.filter((line) => line === 'DELETE /session')).toHaveLength(1)
    for (const tab of tabs.slice(1)) await tab.close()
  })
})
