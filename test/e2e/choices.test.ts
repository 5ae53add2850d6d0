import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import { bundlePage } from './bundle.js'
import { choice, fullText, id, isVisible, openChoices, signOut, untilVisible, visit } from './demo-page.js'
import { type DemoProcess, startDemo } from './demo-process.js'
import { describeEngines } from './engines.js'
import type { Page } from './page.js'
import { addAuthenticator } from './virtual-authenticator.js'

let demo: DemoProcess
beforeAll(async () => {
  demo = await startDemo()
})
afterAll(async () => {
  expect(await demo.interrupt()).toBe(0)
})

const SOLANA = choice('Test Solana Wallet')
const USE_PASSKEY = '.cacao-sign-in-choice[data-kind="passkey"]'
const MAKE_PASSKEY = '.cacao-sign-in-choice[data-kind="new-passkey"]'
const KNOWN_PASSKEY = '.cacao-sign-in-choice[data-kind="known-passkey"]'

/** Clicks a choice in the dialog, and waits until the page is signed in. */
async function choose(page: Page, css: string): Promise<string> {
  await openChoices(page, css)
  await page.click(css)
  await untilVisible(page, 'account')
  return fullText(page, 'account')
}

/** Stores a note with the session, which is resumed after a reload, and signs out. */
async function useSession(page: Page): Promise<void> {
  await page.reload()
  await untilVisible(page, 'account')
  await page.type(id('note-text'), 'Buy cacao beans')
  await page.click(id('add-note'))
  await page.waitForText(id('note-exchange'), 'Accepted:')
  await signOut(page)
  await page.waitForText(id('status'), 'You are signed out.')
}

describeEngines(
  'the list of wallets in the demo',
  (engine) => {
    let browser: Browser
    let page: Page
    beforeAll(async () => {
      browser = await openBrowser(engine)
      page = browser.page
      const script = (await bundlePage('solana-wallet.ts')).get('/page.js')
      await browser.context?.addInitScript({ content: String(Buffer.from(script ?? '')) })
      await visit(page, demo.url)
    })
    afterAll(() => browser.close())

    it('lists wallets of both kinds, and distinguishes used passkeys from new ones', async () => {
      for (const css of [SOLANA, MAKE_PASSKEY]) {
        await openChoices(page, css)
        await page.press('Escape')
      }
      await openChoices(page, MAKE_PASSKEY)
      const entries = await page.evaluate(() =>
        Array.from(document.querySelectorAll('.cacao-sign-in-choice'), ({ textContent }) => textContent),
      )
      expect(entries).toEqual(['Demo wallet', 'Test Solana Wallet', 'Use a passkey', 'Make a passkey'])
      await page.press('Escape')
    })

    it('signs in with a Solana wallet', async () => {
      expect(await choose(page, SOLANA)).toMatch(/^did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:/)
      await useSession(page)
    })

    if (engine.name !== 'chromium') return

    it('signs in with a new passkey, and with the same one later', async () => {
      await addAuthenticator(browser)
      const account = await choose(page, MAKE_PASSKEY)
      expect(account).toMatch(/^did:key:zDn/)
      await useSession(page)
      await openChoices(page, KNOWN_PASSKEY)
      expect(await page.text(KNOWN_PASSKEY)).toContain('Demo passkey')
      await page.press('Escape')
      expect(await choose(page, KNOWN_PASSKEY)).toBe(account)
      await useSession(page)
      expect(await choose(page, USE_PASSKEY)).toBe(account)
      expect(await isVisible(page, 'sign-in')).toBe(false)
    })
  },
  ['chromium', 'firefox'],
)
