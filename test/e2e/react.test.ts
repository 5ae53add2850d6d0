import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import { servePage } from './server.js'

const VERSIONS: [major: string, alias: Record<string, string>][] = [
  ['19', {}],
  ['18', { react: 'react18', 'react-dom': 'react-dom18' }],
]

describeEngines(
  'a page that a server rendered',
  (engine) => {
    let browser: Browser
    beforeAll(async () => {
      browser = await openBrowser(engine)
    })
    afterAll(() => browser.close())

    it.each(VERSIONS)(
      'hydrates without warnings in React %s, prompts once, and follows other tabs',
      async (major, alias) => {
        const server = await servePage('react.ts', { scripts: { alias } })
        onTestFinished(() => server.close())
        const { page } = browser
        await page.goto(server.origin)
        await page.waitForText('#status', 'signed-out')
        const { version, html } = await page.evaluate(() => ({ ...globalThis.reactPage }))
        expect(version.split('.')[0]).toBe(major)
        expect(html).toContain('<p id="status">loading</p>')
        await page.evaluate(() => {
          const button = document.querySelector<HTMLElement>('#in')
          button?.click()
          button?.click()
        })
        await page.waitForText('#status', 'signed-in')
        expect(await page.evaluate(() => globalThis.reactPage.prompts())).toBe(1)
        const other = await browser.newPage()
        await other.goto(server.origin)
        await other.waitForText('#status', 'signed-in')
        expect(await other.evaluate(() => globalThis.reactPage.prompts())).toBe(0)
        await other.click('#out')
        for (const tab of [page, other]) {
          await tab.waitForText('#status', 'signed-out')
          expect(await tab.evaluate(() => globalThis.reactPage.complaints)).toEqual([])
        }
      },
    )
  },
  ['chromium'],
)
