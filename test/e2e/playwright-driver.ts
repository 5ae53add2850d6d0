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
    run: (source, args) => page.evaluate(`(${source})(...${JSON.stringify(args)})`),
    click: (selector) => page.click(selector),
    type: (selector, text) => page.locator(selector).pressSequentially(text),
    press: (key) => page.keyboard.press(key),
    setViewport: (width, height) => page.setViewportSize({ width, height }),
    screenshot: () => page.screenshot(),
    close: () => page.close(),
  }
}
