import type { Page as PlaywrightPage } from 'playwright'
import type { PageDriver } from './page.js'

export function playwrightDriver(page: PlaywrightPage): PageDriver {
  return {
    async goto(url): Promise<void> {
      await page.goto(url)
    },
    async reload(): Promise<void> {
      await page.reload()
    },
    // Playwright's `goBack` waits for a page load, which a kept page does not have.
    goBack: () => page.evaluate(() => void setTimeout(() => history.back())),
    run: (source, args) => page.evaluate(`(${source})(...${JSON.stringify(args)})`),
    click: (selector) => page.click(selector),
    async drag(from, to): Promise<void> {
      await page.mouse.move(...from)
      await page.mouse.down()
      await page.mouse.move(...to)
      await page.mouse.up()
    },
    type: (selector, text) => page.locator(selector).pressSequentially(text),
    press: (key) => page.keyboard.press(key),
    setViewport: (width, height) => page.setViewportSize({ width, height }),
    screenshot: () => page.screenshot(),
    close: () => page.close(),
  }
}
