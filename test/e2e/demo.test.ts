import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import {
  chooseWallet,
  focused,
  id,
  inFull,
  isVisible,
  secondsLeft,
  signIn,
  tabTo,
  untilVisible,
  visit,
  WALLET,
  widthOverflow,
} from './demo-page.js'
import { type DemoProcess, startDemo } from './demo-process.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'

const WEEK_SECS = 7 * 24 * 60 * 60

let demo: DemoProcess
beforeAll(async () => {
  demo = await startDemo()
})
afterAll(() => demo.stop())

describeEngines('the demo', (engine) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await openBrowser(engine)
    page = browser.page
    await page.setViewport(1280, 800)
  })
  afterAll(() => browser.close())
  beforeEach(() => visit(page, demo.url))

  it('lists its wallet, and shows the very text that it is to sign', async () => {
    expect(await isVisible(page, 'sign-in')).toBe(true)
    expect(await isVisible(page, 'account')).toBe(false)
    await page.waitForText(id(WALLET), 'Demo wallet')
    await page.waitForText(id(WALLET), 'Asks for one signature')
    await chooseWallet(page)
    const text = await page.text(id('wallet-message'))
    expect(text).toMatch(new RegExp(`^${new URL(demo.url).host} wants you to sign in`))
    expect(text).toContain(`\n- ${demo.url}notes/*`)
    expect(await focused(page)).toBe('wallet-dialog-title')
  })

  it('takes a no kindly, and asks again when wanted', async () => {
    for (const decline of [() => page.click(id('wallet-reject')), () => page.press('Escape')]) {
      await chooseWallet(page)
      await decline()
      await page.waitForText(id('status'), 'You declined in the wallet, so nothing was signed.')
      expect(await isVisible(page, 'wallet-dialog')).toBe(false)
      expect(await isVisible(page, 'account')).toBe(false)
      expect(await focused(page)).toBe(WALLET)
    }
    await signIn(page)
    expect(await page.text(id('status'))).toBe('')
  })

  it('shows who is signed in, with which key, what it may do and how long it lasts', async () => {
    await signIn(page)
    expect(await inFull(page, 'account')).toMatch(/^did:pkh:eip155:1:0x[0-9a-f]{40}$/)
    expect(await inFull(page, 'key')).toMatch(/^did:key:zDn/)
    expect(await page.text(id('resources'))).toBe(`${demo.url}notes/*`)
    expect(await page.text(id('persistence'))).toBe('This browser, across reloads and restarts')
    await page.waitForText(id('next-visit'), 'No signature needed')
    expect(await isVisible(page, 'sign-in')).toBe(false)
    expect(await focused(page)).toBe('session-title')
  })

  it('counts down', async () => {
    await signIn(page)
    const [secs, text] = [await secondsLeft(page), await page.text(id('countdown'))]
    expect(secs).toBeLessThanOrEqual(WEEK_SECS)
    expect(secs).toBeGreaterThan(WEEK_SECS - 60)
    await page.waitFor(
      (css, before) => document.querySelector(css)?.textContent !== before,
      id('countdown'),
      text,
    )
    expect(await secondsLeft(page)).toBeLessThan(secs)
  })

  it('signs a note that its server verifies, and altered is refused', async () => {
    await signIn(page)
    await page.click(id('note'))
    await page.press('End')
    await page.type(id('note'), ' ü')
    await page.click(id('sign-note'))
    await page.waitForText(id('note-result'), 'Verified: signed by')
    const result = await page.text(id('note-result'))
    expect(result).toContain('"note": "Buy cacao beans ü"')
    await page.click(id('alter-note'))
    await page.waitForText(
      id('note-result'),
      'The server refused it: this is not what the session key signed.',
    )
    expect(await page.text(id('note-result'))).not.toContain('Verified')
  })

  it('stays signed in over a reload, with the same key and no dialog', async () => {
    await signIn(page)
    const [account, key] = [await inFull(page, 'account'), await inFull(page, 'key')]
    await page.reload()
    await untilVisible(page, 'account')
    expect([await inFull(page, 'account'), await inFull(page, 'key')]).toEqual([account, key])
    expect(await isVisible(page, 'wallet-dialog')).toBe(false)
    await page.click(id('sign-note'))
    await page.waitForText(id('note-result'), 'Verified: signed by')
  })

  it('signs out, and a reload does not undo that', async () => {
    await signIn(page)
    const key = await inFull(page, 'key')
    await page.click(id('sign-out'))
    await page.waitForText(id('status'), 'You are signed out.')
    await untilVisible(page, WALLET)
    expect(await isVisible(page, 'account')).toBe(false)
    await page.reload()
    await untilVisible(page, WALLET)
    expect(await isVisible(page, 'account')).toBe(false)
    await page.waitForText(id(WALLET), 'Asks for one signature')
    await signIn(page)
    expect(await inFull(page, 'key')).not.toBe(key)
  })

  it('needs no mouse', async () => {
    await tabTo(page, WALLET)
    await page.press('Enter')
    await untilVisible(page, 'wallet-sign')
    await tabTo(page, 'wallet-sign')
    await page.press('Enter')
    await untilVisible(page, 'account')
    await tabTo(page, 'note')
    await page.press('Enter')
    await page.waitForText(id('note-result'), 'Verified: signed by')
    await tabTo(page, 'sign-out', 'Shift+Tab')
    await page.press('Enter')
    await untilVisible(page, WALLET)
    expect(await isVisible(page, 'account')).toBe(false)
  })

  it('fits into a narrow window, signed out and in', async () => {
    await page.setViewport(500, 800)
    expect(await page.evaluate(() => innerWidth)).toBe(500)
    expect(await widthOverflow(page)).toBe(0)
    await signIn(page)
    expect(await widthOverflow(page)).toBe(0)
  })
})
