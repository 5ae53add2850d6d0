import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page as PlaywrightPage } from 'playwright'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { violations } from './axe.js'
import { type Browser, openBrowser } from './browser.js'
import { bundleScript } from './bundle.js'
import {
  chooseWallet,
  focused,
  id,
  inFull,
  isVisible,
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

const INJECTED = 'wallet-example.test-wallet'
const SCHEMES = ['light', 'dark'] as const
const WIDTHS = [390, 1280]
// Where the pictures go, for someone to look at.
const folder = process.env.SCREENSHOTS

let demo: DemoProcess
beforeAll(async () => {
  demo = await startDemo()
})
afterAll(() => demo.stop())

describeEngines(
  'the demo, to whoever can not see it or uses no mouse,',
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

    const states: [string, () => Promise<unknown>][] = [
      ['signed out', async () => undefined],
      ['asked by its wallet', () => chooseWallet(page)],
      [
        'waiting for a wallet',
        async () => {
          await page.click(id(INJECTED))
          await page.waitForText(id('status'), 'Waiting for Test wallet')
        },
      ],
      [
        'told of an error',
        async () => {
          await page.click(id(INJECTED))
          await page.waitFor(() => wallet.calls.includes('eth_requestAccounts'))
          await page.evaluate(() => {
            wallet.behaviour = 'rejects'
          })
          await page.waitForText(id('status'), 'You declined')
        },
      ],
      [
        'at the notes app',
        async () => {
          await page.goto(demo.notesUrl)
          await untilVisible(page, WALLET)
        },
      ],
      ['signed in', () => signIn(page)],
      [
        'shown a note that is verified',
        async () => {
          await signIn(page)
          await page.click(id('sign-note'))
          await page.waitForText(id('note-result'), 'Verified')
        },
      ],
      [
        'shown a note that is refused',
        async () => {
          await signIn(page)
          await page.click(id('alter-note'))
          await page.waitForText(id('note-result'), 'refused')
        },
      ],
    ]
    it.each(states)('%s, has nothing that axe finds fault with', async (name, reach) => {
      await reach()
      await audit(name)
    })

    /** Has axe look at the page on phone and desktop, light and dark. */
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

    it('is used by keyboard alone, and the focus is seen and never lost', async () => {
      await page.setViewport(390, 844)
      const seen = async (name: string): Promise<void> => {
        await tabTo(page, name)
        expect(await focusFault(page)).toBeUndefined()
      }
      await seen('notes-app')
      await seen(INJECTED)
      await page.press('Enter')
      await page.waitForText(id('status'), 'Waiting for Test wallet')
      await seen('dismiss')
      expect(await page.text(id('dismiss'))).toBe('Cancel')
      await page.press('Enter')
      expect(await page.text(id('status'))).toBe('')
      // Back to what opened it, here and where the dialog is closed.
      expect(await focused(page)).toBe('duration')
      await tabTo(page, WALLET, 'Shift+Tab')
      await page.press('Enter')
      await untilVisible(page, 'wallet-dialog')
      expect(await focused(page)).toBe('wallet-dialog-title')
      await page.press('Escape')
      await page.waitForText(id('status'), 'You declined')
      expect(await focused(page)).toBe(WALLET)
      // What is told lies over the end of the page, but not over what has the focus.
      await seen('duration')
      await tabTo(page, WALLET, 'Shift+Tab')
      await page.press('Enter')
      await untilVisible(page, 'wallet-dialog')
      // The dialog keeps the focus: what lies beneath is not reached.
      const within = new Set<boolean>()
      for (let i = 0; i < 8; i++) {
        await page.press('Tab')
        within.add(
          await page.evaluate(() => document.activeElement?.closest('main, header, .status') !== null),
        )
      }
      expect([...within]).toEqual([false])
      await seen('wallet-reject')
      await seen('wallet-sign')
      await page.press('Enter')
      await untilVisible(page, 'account')
      expect(await focused(page)).toBe('session-title')
      for (const name of ['copy-account', 'reload', 'sign-out']) await seen(name)
      await seen('note')
      await page.press('Enter')
      await page.waitForText(id('note-result'), 'Verified')
      expect(await focused(page)).toBe('note')
      await seen('alter-note')
      await page.press('Enter')
      await page.waitForText(id('note-result'), 'refused')
      await tabTo(page, 'sign-out', 'Shift+Tab')
      await page.press('Enter')
      await page.waitForText(id('status'), 'You are signed out.')
      expect(await focused(page)).toBe('sign-in-title')
    })

    it('says what changes in regions that were there before', async () => {
      const regions = (): Promise<boolean[]> =>
        page.evaluate(() => {
          const all = [...document.querySelectorAll('[role=status]')]
          return all.filter((each) => !each.closest('[hidden]')).map((each) => each.checkVisibility())
        })
      expect(await regions()).toEqual([true])
      await page.click(id(INJECTED))
      await page.waitForText(id('status'), 'Waiting for Test wallet')
      await page.evaluate(() => {
        wallet.behaviour = 'approves'
      })
      await untilVisible(page, 'account')
      expect(await page.evaluate(() => wallet.texts.length)).toBe(1)
      expect(await inFull(page, 'account')).toBe(`did:pkh:${await page.evaluate(() => wallet.account)}`)
      expect(await regions()).toEqual([true, true])
      expect(await page.text(id('note-result'))).toBe('')
    })

    it('needs no sideways scrolling at 320 pixels, nor with text of twice the size', async () => {
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

    it('moves nothing for those who want it still', async () => {
      const moves = (): Promise<string[]> =>
        page.evaluate(() => {
          const [dialog, button] = ['dialog', 'button'].map((css) => document.querySelector(css))
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

    it('tells of the end before it comes, and when it has', async () => {
      await view.clock.install()
      await visit(page, demo.url)
      await view.selectOption(id('duration'), '60')
      await signIn(page)
      expect(await page.text(id('status'))).toBe('')
      await view.clock.fastForward(31_000)
      await page.waitForText(id('status'), 'The session ends in half a minute.')
      await audit('told that the session ends')
      await view.clock.fastForward(31_000)
      await page.waitForText(id('status'), 'The session has expired.')
      expect(await focused(page)).toBe('sign-in-title')
      expect(await isVisible(page, 'sign-in')).toBe(true)
    })
  },
  ['chromium'],
)

/** What keeps the focus from being seen: no ring, or something over it. */
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

/** What holds more than it shows; a field's text scrolls by itself. */
function clipped(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('body *')]
      .filter((each) => each.checkVisibility() && !['OPTION', 'INPUT'].includes(each.tagName))
      .filter((each) => getComputedStyle(each).display !== 'inline')
      .filter((each) => each.scrollWidth > each.clientWidth + 1)
      .map((each) => each.outerHTML.slice(0, 100)),
  )
}
