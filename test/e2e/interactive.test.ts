import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import { type PageServer, servePage } from './server.js'

const html = `<label>Name <input id="name"></label> <button id="greet">Greet</button> <p id="greeting"></p>`

let server: PageServer
beforeAll(async () => {
  server = await servePage('interactive.ts', { html })
})
afterAll(() => server.close())

describeEngines('a driven page', (engine) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser(engine)
    await browser.page.goto(server.origin)
  })
  afterAll(() => browser.close())

  it('takes clicks and typing as a person gives them', async () => {
    const { page } = browser
    await page.type('#name', 'Ada')
    await page.click('#greet')
    await page.waitForText('#greeting', 'Ada')
    expect(await page.text('#greeting')).toBe('Hello Ada')
  })

  it('takes single keys', async () => {
    const { page } = browser
    await page.click('#name')
    await page.press('Escape')
    expect(await page.evaluate(() => document.querySelector<HTMLInputElement>('#name')?.value)).toBe('')
    await page.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('greet')
    await page.press('Shift+Tab')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('name')
    await page.press('Tab')
    await page.press('Enter')
    await page.waitFor(() => document.querySelector('#greeting')?.textContent === 'Hello ')
  })

  it('awaits promises and passes errors on', async () => {
    const { page } = browser
    expect(await page.evaluate(async (a, b) => a + b, 1, 2)).toBe(3)
    await expect(page.evaluate(() => Promise.reject(new Error('from the page')))).rejects.toThrow(
      'from the page',
    )
  })

  it('has the size asked for and shows itself', async () => {
    const { page } = browser
    await page.setViewport(500, 800)
    expect(await page.evaluate(() => [innerWidth, innerHeight])).toEqual([500, 800])
    const image = await page.screenshot()
    expect([...image.slice(1, 4)]).toEqual([...Buffer.from('PNG')])
  })

  it('loads again', async () => {
    const { page } = browser
    await page.evaluate(() => {
      document.title = 'changed'
    })
    await page.reload()
    expect(await page.evaluate(() => document.title)).toBe('test')
  })
})
