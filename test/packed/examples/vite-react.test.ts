import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { TestWallet } from '../../../src/testing/index.js'
import { walletInPages } from '../../../src/testing/index.js'
import { type Browser, openBrowser } from '../../e2e/browser.js'
import { describeEngines } from '../../e2e/engines.js'
import { SOON } from '../../setup/soon.js'
import { attackExample } from '../attack-example.js'
import { run } from '../command.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { startVite, type ViteServer } from '../vite-server.js'

const BUTTON = '.cacao-sign-in-button'
const WALLET = '.cacao-sign-in-choice'
const CONNECTOR = '.wallets button'
const HELLO = 'section button'

describeEngines(
  'examples/vite-react',
  (engine) => {
    let folder: ExampleFolder
    let browser: Browser
    let wallet: TestWallet
    let complaints: string[]

    const serving = async (command: 'dev' | 'preview', work: (server: ViteServer) => Promise<void>) => {
      const server = await startVite(folder.path, command)
      try {
        await work(server)
      } finally {
        // An open page would report an error once its server is gone.
        for (const page of browser.context?.pages() ?? []) await page.goto('about:blank')
        await server.stop()
      }
    }

    beforeAll(async () => {
      folder = await exampleFolder('vite-react')
      await run('npm', ['run', 'build'], { cwd: folder.path })
    })
    afterAll(() => folder?.remove())
    beforeEach(async () => {
      browser = await openBrowser(engine)
      if (!browser.context) throw new Error('not driven by playwright')
      wallet = await walletInPages(browser.context)
      complaints = []
      browser.context.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
      })
      browser.context.on('weberror', (error) => complaints.push(String(error.error())))
      return () => browser.close()
    })

    it('signs in, calls its server, stays signed in after a reload, and signs out in all tabs', async () => {
      await serving('preview', async ({ url }) => {
        const { page } = browser
        await page.goto(url)
        await page.waitForText('[role=status]', 'signed out')
        wallet.behaviour = { throws: { code: 4001, message: 'User rejected' } }
        await page.click(BUTTON)
        await page.click(WALLET)
        await page.waitForText('dialog [role=alert]', 'You declined in the wallet')
        wallet.behaviour = 'hangs'
        await page.click(WALLET)
        await page.waitForText('main > [role=status]', 'Look at your wallet')
        await wallet.prompted(2)
        await page.click('.cacao-sign-in-cancel')
        await page.waitForText('main > [role=status]', 'signed out')
        wallet.behaviour = 'approves'
        await page.click(WALLET)
        await page.waitForText('main > [role=status]', 'signed in')
        await page.waitFor(() => !document.querySelector('dialog')?.open)
        expect(wallet.texts.at(-1)).toContain('Say hello for a week')
        await page.click(HELLO)
        await page.waitForText('output', 'The server says hello to 0x19e7…ff2a')

        const calls = wallet.calls.length
        await page.reload()
        await page.waitForText('[role=status]', 'signed in')
        await page.waitForText('ul', '0x19e7…ff2a until')
        await page.click(HELLO)
        await page.waitForText('output', 'The server says hello')
        const other = await browser.newPage()
        await other.goto(url)
        await other.waitForText('[role=status]', 'signed in')
        expect(wallet.calls).toHaveLength(calls)

        await page.click(BUTTON)
        await page.click('.cacao-sign-in-out')
        for (const tab of [page, other]) await tab.waitForText('[role=status]', 'signed out')
        await page.reload()
        await page.waitForText('[role=status]', 'signed out')
      })
      expect(complaints).toEqual([])
    })

    it('refuses every attack', async () => {
      for (const command of ['dev', 'preview'] as const)
        await serving(command, async ({ url }) => {
          const { port, host } = new URL(url)
          await attackExample(port, { domain: host, method: 'POST', target: '/api/hello' })
        })
    })

    it('signs in with the wallet client of wagmi', async () => {
      await serving('preview', async ({ url }) => {
        const { page } = browser
        await page.goto(`${url}/wagmi.html`)
        await page.waitForText('[role=status]', 'signed out')
        wallet.behaviour = 'hangs'
        await page.click(CONNECTOR)
        await page.waitForText('[role=status]', 'Look at your wallet')
        await wallet.prompted()
        await page.click('main > .quiet')
        await page.waitForText('[role=status]', 'signed out')
        wallet.behaviour = { throws: { code: 4001, message: 'User rejected' } }
        await page.click(CONNECTOR)
        await page.waitForText('[role=alert]', 'You declined in the wallet')
        wallet.behaviour = 'approves'
        await page.click(CONNECTOR)
        await page.waitForText('[role=status]', 'signed in')
        await page.click(HELLO)
        await page.waitForText('output', 'The server says hello to 0x19e7…ff2a')
        expect(wallet.prompts).toBe(3)
        await page.click('main > .quiet')
        await page.waitForText('[role=status]', 'signed out')
      })
      expect(complaints).toEqual([])
    })

    it('prompts once even if its source changes during the prompt, and stays signed in', async () => {
      // With another hook, so that the component is mounted again and not only rendered.
      const change = async (from: string, to: string) => {
        const path = join(folder.path, 'src/app.tsx')
        const source = await readFile(path, 'utf8')
        const changed = source.replace(`${from} once<`, `${to} once<`)
        // In one step, because Vite reacts to the first change, and would read a file that is still empty.
        await writeFile(`${path}~`, changed.replace('const { status', 'useSession()\n  const { status'))
        await rename(`${path}~`, path)
      }
      await serving('dev', async ({ url }) => {
        const { context, page } = browser
        // The page does not hear of changes made before it is connected to Vite.
        const listens = context?.waitForEvent('console', (message) => message.text() === '[vite] connected.')
        await page.goto(url)
        await page.waitForText('[role=status]', 'signed out')
        await listens
        await page.evaluate(() => Object.assign(window, { isSamePage: true }))
        wallet.behaviour = 'hangs'
        await page.click(BUTTON)
        await page.evaluate((css) => {
          const button = document.querySelector<HTMLElement>(css)
          button?.click()
          button?.click()
        }, WALLET)
        await page.waitForText('[role=status]', 'Look at your wallet')
        await change('Sign in', 'Changed')
        await page.waitForText('h1', 'Changed once')
        await page.waitForText('[role=status]', 'Look at your wallet')
        // The page shows it as soon as it has called the library, which may still be loading.
        await expect.poll(() => wallet.prompts, SOON).toBe(1)
        wallet.behaviour = 'approves'
        await page.waitForText('[role=status]', 'signed in')
        await change('Changed', 'Changed again, not')
        await page.waitForText('h1', 'Changed again')
        await page.waitForText('[role=status]', 'signed in')
        expect(wallet.prompts).toBe(1)
        expect(await page.evaluate(() => 'isSamePage' in window)).toBe(true)
      })
      expect(complaints).toEqual([])
    })
  },
  ['chromium'],
)
