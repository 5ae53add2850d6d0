import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import {
  BUTTON,
  choice,
  chooseWallet,
  closeChoices,
  focused,
  fullText,
  id,
  isVisible,
  openChoices,
  secondsLeft,
  signIn,
  signOut,
  tabTo,
  untilClosed,
  untilStatus,
  untilVisible,
  visit,
  WALLET,
  widthOverflow,
} from './demo-page.js'
import { type DemoProcess, startDemo } from './demo-process.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'

const SILENT = choice('Silent wallet')

/** Announces a wallet (EIP-6963) that never answers. */
function announceSilentWallet(): void {
  const info = { uuid: crypto.randomUUID(), name: 'Silent wallet', icon: 'data:,', rdns: 'example.silent' }
  const detail = Object.freeze({ info, provider: { request: () => new Promise(() => {}) } })
  const announce = () => dispatchEvent(new CustomEvent('eip6963:announceProvider', { detail }))
  addEventListener('eip6963:requestProvider', announce)
}

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

  it('lists its wallet, and shows the exact text to sign', async () => {
    expect(await isVisible(page, 'sign-in')).toBe(true)
    expect(await isVisible(page, 'account')).toBe(false)
    await chooseWallet(page)
    const text = await page.text(id('wallet-message'))
    expect(text).toMatch(new RegExp(`^${new URL(demo.url).host} wants you to sign in`))
    expect(text).toContain(`\n- ${demo.url}api/*`)
    expect(await focused(page)).toBe('wallet-dialog-title')
  })

  it('gives its dialog the height of its content', async () => {
    await openChoices(page)
    const space = await page.evaluate(() => {
      const [dialog, first, last] = ['dialog', 'title', 'close'].map((part) =>
        document.querySelector(`.cacao-sign-in-${part}`)?.getBoundingClientRect(),
      )
      if (!dialog || !first || !last) throw new Error('no dialog')
      // During its animation, it moves by fractions of a pixel.
      const lengths = [first.top - dialog.top, dialog.bottom - last.bottom, last.height]
      const [above, below, button] = lengths.map(Math.round)
      return { above, below, button }
    })
    // The padding of 20 pixels with a border of 1, and a button of one line.
    expect(space).toEqual({ above: 21, below: 21, button: 44 })
    await page.press('Escape')
    await untilClosed(page)
  })

  it('closes its dialog on a click outside, but not during a prompt', async () => {
    const isOpen = () => page.evaluate(() => document.querySelector('.cacao-sign-in-dialog[open]') !== null)
    const beside = [5, 5] as const
    await page.evaluate(announceSilentWallet)
    await openChoices(page, SILENT)
    const padding = await page.evaluate(() => {
      const box = document.querySelector('.cacao-sign-in-dialog')?.getBoundingClientRect()
      return box ? ([Math.round(box.left) + 8, Math.round(box.top) + 8] as const) : undefined
    })
    if (!padding) throw new Error('no dialog')
    await page.clickAt(padding)
    // As when a person selects text and the mouse leaves the dialog.
    await page.clickAt(padding, beside)
    expect(await isOpen()).toBe(true)
    await page.clickAt(beside)
    await untilClosed(page)
    expect(await focused(page)).toBe(BUTTON.slice(1))

    await openChoices(page, SILENT)
    await page.click(SILENT)
    await page.waitForText('.cacao-sign-in-title', 'Waiting for Silent wallet')
    await page.clickAt(beside)
    expect(await isOpen()).toBe(true)
    await page.press('Escape')
    await untilClosed(page)
  })

  it('shows a rejection, and prompts again on request', async () => {
    for (const decline of [() => page.click(id('wallet-reject')), () => page.press('Escape')]) {
      await chooseWallet(page)
      await decline()
      await page.waitForText('.cacao-sign-in [role=alert]', 'Nothing was signed.')
      expect(await isVisible(page, 'wallet-dialog')).toBe(false)
      expect(await isVisible(page, 'account')).toBe(false)
      await closeChoices(page)
    }
    await signIn(page)
    expect(await page.text(id('status'))).toBe('')
  })

  it('shows the account, the key, the resources and the expiry', async () => {
    await signIn(page)
    expect(await fullText(page, 'account')).toMatch(/^did:pkh:eip155:1:0x[0-9a-f]{40}$/)
    expect(await fullText(page, 'key')).toMatch(/^did:key:zDn/)
    expect(await page.text(id('resources'))).toBe(`${demo.url}api/*`)
    expect(await page.text(id('persistence'))).toBe('This browser, across reloads and restarts')
    await page.waitForText(id('next-visit'), 'No signature needed')
    expect(await isVisible(page, 'sign-in')).toBe(false)
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

  it('shows the headers of each request, and the server’s verdict', async () => {
    await signIn(page)
    await page.type(id('note-text'), 'Buy cacao beans')
    await page.click(id('add-note'))
    await page.waitForText(id('note-exchange'), 'Accepted:')
    const travelled = await page.text(`${id('note-exchange')} pre`)
    expect(travelled).toMatch(/^POST \/api\/notes\ncontent-digest: sha-256=/)
    expect(travelled).toMatch(/\nsignature-input: .+\nsignature: .+\nauthorization: CACAO /)
    expect(travelled).toContain('{"text":"Buy cacao beans"}')
    await page.click(id('signed'))
    expect(JSON.parse(await page.text(id('signed-text')))).toMatchObject({
      aud: await fullText(page, 'key'),
      iss: await fullText(page, 'account'),
    })
  })

  it('shows that copied credentials are refused', async () => {
    await signIn(page)
    for (const [theft, code] of [
      ['send-header', 'ERR_REQUEST_UNSIGNED'],
      ['send-altered', 'ERR_REQUEST_DIGEST'],
      ['send-twice', 'ERR_REQUEST_REPLAYED'],
    ] as const) {
      await page.click(id(theft))
      await page.waitForText(id('theft-result'), code)
      expect(await page.text(`${id('theft-result')} .good`)).toMatch(/^Refused: /)
    }
    await page.click(id('send-altered'))
    await page.waitForText(`${id('theft-result')} pre`, 'a yacht')
    expect(await page.text(id('notes'))).toBe('')
  })

  it('stays signed in over a reload, with the same key and no prompt', async () => {
    await signIn(page)
    const [account, key] = [await fullText(page, 'account'), await fullText(page, 'key')]
    await page.reload()
    await untilVisible(page, 'account')
    expect([await fullText(page, 'account'), await fullText(page, 'key')]).toEqual([account, key])
    expect(await isVisible(page, 'wallet-dialog')).toBe(false)
    await page.click(id('send-twice'))
    await page.waitForText(id('theft-result'), 'ERR_REQUEST_REPLAYED')
  })

  it('signs out, and stays signed out after a reload', async () => {
    await signIn(page)
    const key = await fullText(page, 'key')
    await signOut(page)
    await page.waitForText(id('status'), 'You are signed out.')
    expect(await isVisible(page, 'account')).toBe(false)
    await page.reload()
    await untilStatus(page, 'signed-out')
    expect(await isVisible(page, 'account')).toBe(false)
    await signIn(page)
    expect(await fullText(page, 'key')).not.toBe(key)
  })

  it('can be used without a mouse', async () => {
    await tabTo(page, BUTTON.slice(1))
    await page.press('Enter')
    await page.waitFor((css) => document.querySelector(css)?.checkVisibility() ?? false, WALLET)
    await tabTo(page, 'cacao-sign-in-choice')
    await page.press('Enter')
    await untilVisible(page, 'wallet-sign')
    await tabTo(page, 'wallet-sign')
    await page.press('Enter')
    await untilVisible(page, 'account')
    await untilClosed(page)
    await tabTo(page, 'note-text')
    await page.type(id('note-text'), 'Buy cacao beans')
    await page.press('Enter')
    await page.waitForText(id('note-exchange'), 'Accepted:')
    await tabTo(page, BUTTON.slice(1), 'Shift+Tab')
    await page.press('Enter')
    await page.waitFor(() => document.querySelector('.cacao-sign-in-out')?.checkVisibility() ?? false)
    await tabTo(page, 'cacao-sign-in-out')
    await page.press('Enter')
    await page.waitForText(id('status'), 'You are signed out.')
    expect(await isVisible(page, 'account')).toBe(false)
  })

  it('fits into a narrow window, signed out and in', async () => {
    await page.setViewport(390, 800)
    expect(await page.evaluate(() => innerWidth)).toBe(390)
    expect(await widthOverflow(page)).toBe(0)
    await signIn(page)
    expect(await widthOverflow(page)).toBe(0)
  })

  it('shows each line of its code as one line, on a phone too', async () => {
    await page.setViewport(390, 800)
    await signIn(page)
    const heights = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('.code')].map((code) => {
        const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(code)
        const [line = 0, above = 0, below = 0] = [lineHeight, paddingTop, paddingBottom].map(
          Number.parseFloat,
        )
        return [Math.round((code.clientHeight - above - below) / line), code.textContent.split('\n').length]
      }),
    )
    expect(heights).toHaveLength(3)
    for (const [shown, written] of heights) expect(shown).toBe(written)
  })
})
