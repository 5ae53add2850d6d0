import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import { bundlePage } from './bundle.js'
import { id, inFull, isVisible, untilVisible, visit, WALLET } from './demo-page.js'
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

const SOLANA = 'wallet-solana-test-solana-wallet'

/** Signs a note with the session and has the server check it, and signs out. */
async function useSession(page: Page): Promise<void> {
  await page.reload()
  await untilVisible(page, 'account')
  await page.type(id('note'), 'Buy cacao beans')
  await page.click(id('sign-note'))
  await page.waitForText(id('note-result'), 'Verified')
  await page.click(id('sign-out'))
  await page.waitForText(id('status'), 'You are signed out.')
}

describeEngines(
  "the demo's list",
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

    it('has wallets of both kinds and passkeys, each with a picture and a name', async () => {
      for (const name of [SOLANA, 'wallet-passkey-new']) await untilVisible(page, name)
      const entries = await page.evaluate(() =>
        Array.from(document.querySelectorAll('#wallets button'), (button) => ({
          id: (button as HTMLElement).dataset['testid'] ?? '',
          text: button.textContent,
          isImage: button.querySelector('img')?.src.startsWith('data:image/') ?? false,
        })),
      )
      const wanted = [WALLET, SOLANA, 'wallet-passkey-other', 'wallet-passkey-new']
      expect(entries.map((entry) => entry.id).sort()).toEqual(wanted.sort())
      for (const { text, isImage } of entries) {
        expect(isImage).toBe(true)
        expect(text).toMatch(/^.+Asks for one signature$/)
      }
    })

    it('signs in with a Solana wallet', async () => {
      await page.click(id(SOLANA))
      await untilVisible(page, 'account')
      expect(await inFull(page, 'account')).toMatch(/^did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:/)
      await useSession(page)
    })

    if (engine.name !== 'chromium') return

    it('signs in with a new passkey, and with the same one later', async () => {
      await addAuthenticator(browser)
      await page.click(id('wallet-passkey-new'))
      await untilVisible(page, 'account')
      const account = await inFull(page, 'account')
      expect(account).toMatch(/^did:key:zDn/)
      await useSession(page)
      await page.reload()
      await page.waitForText(id('wallet-passkey-1'), 'Demo passkey 1')
      await page.click(id('wallet-passkey-1'))
      await untilVisible(page, 'account')
      expect(await inFull(page, 'account')).toBe(account)
      await useSession(page)
      await page.click(id('wallet-passkey-other'))
      await untilVisible(page, 'account')
      expect(await inFull(page, 'account')).toBe(account)
      expect(await isVisible(page, 'sign-in')).toBe(false)
    })
  },
  ['chromium', 'firefox'],
)
