import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page as PlaywrightPage } from 'playwright'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { violations } from './axe.js'
import { type Browser, openBrowser } from './browser.js'
import { bundleScript } from './bundle.js'
import {
  BUTTON,
  choice,
  chooseWallet,
  focused,
  fullText,
  id,
  isVisible,
  openChoices,
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
import type { InjectedWallet } from './pages/wallet.js'

declare const wallet: InjectedWallet

const INJECTED = choice('Test wallet')
const BUTTON_CLASS = BUTTON.slice(1)
const CHOICE_CLASS = 'cacao-sign-in-choice'
const TITLE_CLASS = 'cacao-sign-in-title'
const SCHEMES = ['light', 'dark'] as const
const WIDTHS = [390, 1280]
// The folder for screenshots, if they are wanted.
const folder = process.env.SCREENSHOTS

let demo: DemoProcess
beforeAll(async () => {
  demo = await startDemo()
})
afterAll(() => demo.stop())

describeEngines(
  'the demo, for people who can not see it or use no mouse,',
  (engine) => {
    let browser: Browser
    let page: Page
    let view: PlaywrightPage
    beforeAll(async () => {
      browser = await openBrowser(engine)
      page = browser.page
      view = browser.context?.pages()[0] ?? expect.fail('no page')
      await view.addInitScript(await bundleScript('wallet.ts'))
      if (folder) await mkdir(folder, { recursive: true })
    })
    afterAll(() => browser.close())
    beforeEach(async () => {
      await page.setViewport(1280, 800)
      await visit(page, demo.url)
    })

    /** Opens a prompt of the injected wallet, which does not answer. */
    const askInjected = async (): Promise<void> => {
      await openChoices(page, INJECTED)
      await page.click(INJECTED)
      await page.waitForText('.cacao-sign-in-title', 'Waiting for Test wallet')
    }
    const states: [string, () => Promise<unknown>][] = [
      ['signed out', async () => undefined],
      ['choosing a wallet', () => openChoices(page, INJECTED)],
      ['prompted by its wallet', () => chooseWallet(page)],
      ['waiting for a wallet', askInjected],
      [
        'shown an error',
        async () => {
          await askInjected()
          await page.waitFor(() => wallet.calls.includes('eth_requestAccounts'))
          await page.evaluate(() => {
            wallet.behaviour = 'rejects'
          })
          await page.waitForText('.cacao-sign-in [role=alert]', 'Nothing was signed')
        },
      ],
      ['signed in', () => signIn(page)],
      [
        'shown the account',
        async () => {
          await signIn(page)
          await page.click(BUTTON)
          await page.waitForText('.cacao-sign-in-account', 'eip155:1:')
        },
      ],
      [
        'shown an accepted note, and the message that the wallet signed',
        async () => {
          await signIn(page)
          await page.click(id('signed'))
          await page.type(id('note-text'), 'Buy cacao beans')
          await page.click(id('add-note'))
          await page.waitForText(id('note-exchange'), 'Accepted')
        },
      ],
      [
        'shown a refused theft',
        async () => {
          await signIn(page)
          await page.click(id('send-altered'))
          await page.waitForText(id('theft-result'), 'Refused')
        },
      ],
    ]
    it.each(states)('%s, has no fault that axe finds', async (name, reach) => {
      await reach()
      await audit(name)
    })

    /** Runs axe on the page, on phone and desktop, in light and dark mode. */
    async function audit(name: string): Promise<void> {
      for (const colorScheme of SCHEMES) {
        for (const width of WIDTHS) {
          await view.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          await page.setViewport(width, width < 500 ? 844 : 800)
          expect(await violations(view)).toEqual([])
          const picture = `${name.replaceAll(' ', '-')}-${width}-${colorScheme}.png`
          if (folder) await view.screenshot({ path: join(folder, picture), fullPage: true })
        }
      }
    }

    it('can be used with the keyboard only, and the focus is visible and never lost', async () => {
      await page.setViewport(390, 844)
      const seen = async (name: string): Promise<void> => {
        await tabTo(page, name)
        expect(await focusFault(page)).toBeUndefined()
      }
      /** Tabs to the page's own wallet, which is the second choice. */
      const seenWallet = async (): Promise<void> => {
        await tabTo(page, CHOICE_CLASS)
        while (!(await page.evaluate((css) => document.activeElement?.matches(css), WALLET)))
          await page.press('Tab')
        expect(await focusFault(page)).toBeUndefined()
      }
      await seen(BUTTON_CLASS)
      await page.press('Enter')
      await page.waitFor((css) => document.querySelector(css) !== null, INJECTED)
      expect(await focused(page)).toBe(TITLE_CLASS)
      // The dialog keeps the focus: elements below it can't be reached.
      const within = new Set<boolean>()
      for (let i = 0; i < 8; i++) {
        await page.press('Tab')
        within.add(
          await page.evaluate(() => {
            const focus = document.activeElement
            return focus === document.body || focus?.closest('dialog') !== null
          }),
        )
      }
      expect([...within]).toEqual([true])
      // The focus may have left the page, where Escape would not work.
      await tabTo(page, CHOICE_CLASS)
      await page.press('Escape')
      expect(await focused(page)).toBe(BUTTON_CLASS)

      // The wallet that does not answer announced itself first.
      await page.press('Enter')
      await page.waitFor((css) => document.querySelector(css) !== null, INJECTED)
      await seen(CHOICE_CLASS)
      await page.press('Enter')
      await page.waitForText('.cacao-sign-in-title', 'Waiting for Test wallet')
      expect(await focused(page)).toBe(TITLE_CLASS)
      await seen('cacao-sign-in-cancel')
      await page.press('Enter')
      await page.waitForText('.cacao-sign-in-title', 'Sign in')
      expect(await focused(page)).toBe(TITLE_CLASS)

      await seenWallet()
      await page.press('Enter')
      await untilVisible(page, 'wallet-dialog')
      expect(await focused(page)).toBe('wallet-dialog-title')
      await page.press('Escape')
      await page.waitForText('.cacao-sign-in [role=alert]', 'Nothing was signed')
      expect(await focused(page)).toBe(TITLE_CLASS)
      await seenWallet()
      await page.press('Enter')
      await untilVisible(page, 'wallet-dialog')
      await seen('wallet-reject')
      await seen('wallet-sign')
      await page.press('Enter')
      await untilVisible(page, 'account')
      await page.waitFor((css) => document.activeElement?.matches(css), BUTTON)
      await seen('note-text')
      await page.type(id('note-text'), 'Buy cacao beans')
      await page.press('Enter')
      await page.waitForText(id('note-exchange'), 'Accepted')
      expect(await focused(page)).toBe('note-text')
      await seen('delete-note')
      for (const name of ['send-header', 'send-altered', 'send-twice']) await seen(name)
      await page.press('Enter')
      await page.waitForText(id('theft-result'), 'Refused')
      await tabTo(page, 'signed', 'Shift+Tab')
      await tabTo(page, 'copy-account', 'Shift+Tab')
      await tabTo(page, BUTTON_CLASS, 'Shift+Tab')
      await page.press('Enter')
      await page.waitForText('.cacao-sign-in-account', 'eip155:1:')
      await seen('cacao-sign-in-out')
      await page.press('Enter')
      await page.waitForText(id('status'), 'You are signed out.')
      await page.waitFor((css) => document.activeElement?.matches(css), BUTTON)
    })

    it('announces changes in regions that existed before', async () => {
      const regions = (css: string): Promise<boolean> =>
        page.evaluate((selector) => document.querySelector(selector)?.checkVisibility() ?? false, css)
      for (const css of [id('status'), '[role=status].cacao-sign-in-notice'])
        expect([
          css,
          await page.evaluate((selector) => document.querySelector(selector) !== null, css),
        ]).toEqual([css, true])
      await askInjected()
      expect(await regions('[role=status].cacao-sign-in-progress')).toBe(true)
      await page.evaluate(() => {
        wallet.behaviour = 'approves'
      })
      await untilVisible(page, 'account')
      expect(await page.evaluate(() => wallet.texts.length)).toBe(1)
      expect(await fullText(page, 'account')).toBe(`did:pkh:${await page.evaluate(() => wallet.account)}`)
      for (const name of ['note-exchange', 'theft-result']) {
        expect(await page.evaluate((css) => document.querySelector(css)?.ariaLive, id(name))).toBe('polite')
        expect(await page.text(id(name))).toBe('')
      }
    })

    it('needs no horizontal scrolling at 320 pixels, or with text of twice the size', async () => {
      const fits = async (name: string): Promise<void> => {
        for (const [width, size] of [
          [320, '100%'],
          [1280, '200%'],
          [640, '200%'],
          [390, '200%'],
        ] as const) {
          await page.setViewport(width, 800)
          await page.evaluate((fontSize) => {
            document.documentElement.style.fontSize = fontSize
          }, size)
          expect([width, size, await widthOverflow(page), await clipped(page)]).toEqual([width, size, 0, []])
          const picture = `${name}-${width}-${size}.png`
          if (folder) await view.screenshot({ path: join(folder, picture), fullPage: true })
        }
      }
      await fits('signed-out')
      await page.evaluate(() => {
        document.documentElement.style.fontSize = ''
      })
      await chooseWallet(page)
      await fits('asked')
      await page.click(id('wallet-sign'))
      await untilVisible(page, 'account')
      await fits('signed-in')
    })

    it('has no animations with prefers-reduced-motion', async () => {
      const moves = (): Promise<string[]> =>
        page.evaluate(() => {
          const [dialog, button] = ['dialog[open]', '#copy-account'].map((css) => document.querySelector(css))
          return [dialog, button].map((each) => {
            const { animationName, transitionDuration } = getComputedStyle(each as Element)
            return `${animationName} ${transitionDuration}`
          })
        })
      await chooseWallet(page)
      await view.emulateMedia({ reducedMotion: 'no-preference' })
      expect(await moves()).toEqual(['appear 0s', 'none 0.15s, 0.15s'])
      await view.emulateMedia({ reducedMotion: 'reduce' })
      expect(await moves()).toEqual(['none 0s', 'none 0s'])
    })

    it('announces the expiry before and when it comes', async () => {
      await view.clock.install()
      await visit(page, demo.url)
      await view.selectOption(id('duration'), '60')
      await signIn(page)
      expect(await page.text(id('status'))).toBe('')
      await view.clock.fastForward(31_000)
      await page.waitForText('.cacao-sign-in-notice', 'Your session ends soon.')
      await audit('told that the session ends')
      await view.clock.fastForward(31_000)
      await page.waitForText(id('status'), 'The session has expired.')
      expect(await focused(page)).toBe(BUTTON_CLASS)
      expect(await isVisible(page, 'sign-in')).toBe(true)
    })
  },
  ['chromium'],
)

/** The reason why the focus isn't visible: no outline, or an element over it. */
function focusFault(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const focus = document.activeElement as HTMLElement
    const { outlineStyle, outlineWidth } = getComputedStyle(focus)
    if (!focus.matches(':focus-visible') || outlineStyle === 'none' || Number.parseFloat(outlineWidth) < 2)
      return `${focus.outerHTML} has no ring`
    const { x, y, width, height } = focus.getBoundingClientRect()
    const top = document.elementFromPoint(x + width / 2, y + height / 2)
    return focus.contains(top) ? undefined : `${focus.outerHTML} lies beneath ${top?.outerHTML}`
  })
}

/** Elements with hidden overflow; the text of an input field scrolls by itself. */
function clipped(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('body *')]
      .filter((each) => each.checkVisibility() && !['OPTION', 'INPUT'].includes(each.tagName))
      .filter((each) => getComputedStyle(each).display !== 'inline')
      .filter((each) => each.scrollWidth > each.clientWidth + 1)
      .map((each) => each.outerHTML.slice(0, 100)),
  )
}
