import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestWallet } from '../../../src/testing/index.js'
import { walletInPages } from '../../../src/testing/index.js'
import { type Browser, openBrowser } from '../../e2e/browser.js'
import { describeEngines } from '../../e2e/engines.js'
import type { ExampleProcess } from '../../e2e/example-process.js'
import type { Page } from '../../e2e/page.js'
import { freePort } from '../../engines/free-port.js'
import { ACCOUNT_A } from '../../setup/wallet.js'
import { attackExample } from '../attack-example.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { npmStart } from '../npm-script.js'

let folder: ExampleFolder
let server: ExampleProcess
let url: string
beforeAll(async () => {
  folder = await exampleFolder('service-worker')
  const port = String(await freePort())
  server = await npmStart(folder, 'start', /^Page: /m, { PORT: port })
  url = `http://localhost:${port}/`
})
afterAll(async () => {
  await server?.stop()
  await folder?.remove()
})

it('examples/service-worker refuses every attack', async () => {
  const { port, host } = new URL(url)
  const note = { method: 'POST', target: '/api/notes', body: 'Buy cacao beans' }
  await attackExample(port, { domain: host, ...note })
})

const told = (page: Page, words: string): Promise<void> => page.waitForText('#status', words)
/** A request as other code of the page makes it, without knowledge of sessions. */
const ask = (page: Page): Promise<number> => page.evaluate(async () => (await fetch('/api/notes')).status)

describeEngines(
  'examples/service-worker',
  (engine) => {
    let browser: Browser
    let wallet: TestWallet
    beforeAll(async () => {
      browser = await openBrowser(engine)
      if (!browser.context) throw new Error('not driven by playwright')
      wallet = await walletInPages(browser.context)
    })
    afterAll(() => browser?.close())

    it('signs the page’s requests until the person signs out in any tab', async () => {
      const { page } = browser
      await page.goto(url)
      await told(page, 'Signed out')
      expect(await ask(page)).toBe(401)
      wallet.behaviour = { throws: { code: 4001, message: 'User rejected' } }
      await page.click('#sign-in')
      await page.waitForText('#problem', 'You declined in the wallet.')
      wallet.behaviour = 'approves'
      await page.click('#sign-in')
      await told(page, `Signed in as ${ACCOUNT_A}`)
      expect(await ask(page)).toBe(200)
      await page.type('#text', 'Buy cacao beans')
      await page.click('#note button')
      await page.waitForText('#notes', 'Buy cacao beans')
      await page.waitFor(
        () => (document.querySelector<HTMLImageElement>('#portrait img')?.naturalWidth ?? 0) > 0,
      )

      const { prompts } = wallet
      await page.reload()
      await page.waitForText('#notes', 'Buy cacao beans')
      const other = await browser.newPage()
      await other.goto(url)
      await told(other, `Signed in as ${ACCOUNT_A}`)
      expect(wallet.prompts).toBe(prompts)

      await other.click('#sign-out')
      for (const tab of [page, other]) {
        await told(tab, 'Signed out')
        expect(await ask(tab)).toBe(401)
      }
      await page.reload()
      await told(page, 'Signed out')
      await other.close()
    })

    // Only Chromium supports both.
    if (engine.name !== 'chromium') return
    it('still signs after the browser ended the worker, and on pages loaded without it', async () => {
      const { page, context } = browser
      await page.goto(url)
      await told(page, 'Signed out')
      await page.click('#sign-in')
      await told(page, 'Signed in')
      const [tab] = context?.pages() ?? []
      const devtools = await tab?.context().newCDPSession(tab)
      if (!devtools) throw new Error('no devtools')
      await devtools.send('ServiceWorker.enable')
      const stopped = new Promise<void>((resolve) =>
        devtools.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
          if (versions.some(({ runningStatus }) => runningStatus === 'stopped')) resolve()
        }),
      )
      await devtools.send('ServiceWorker.stopAllWorkers')
      await stopped
      expect(await ask(page)).toBe(200)

      const loaded = tab?.waitForEvent('load')
      await devtools.send('Page.reload', { ignoreCache: true })
      await loaded
      await told(page, 'Signed in')
      expect(await ask(page)).toBe(200)
    })
  },
  ['chromium', 'firefox'],
)
