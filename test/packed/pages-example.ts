import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestWallet } from '../../src/testing/index.js'
import { walletInPages } from '../../src/testing/index.js'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { describeEngines } from '../e2e/engines.js'
import { type ExampleProcess, startUntil } from '../e2e/example-process.js'
import { freePort } from '../engines/free-port.js'
import { ownEnv, run } from './command.js'
import { type ExampleFolder, exampleFolder } from './example-folder.js'

const DAY_MS = 24 * 60 * 60 * 1000
const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'

/** An example with server-rendered pages for signed-in people: notes that only their owner sees. */
export interface PagesExample {
  readonly name: string
  /** The output of its server when it is ready. */
  readonly ready: RegExp
  /** Attacks its signed requests. */
  attack(port: number): Promise<void>
}

/** What each of them must do, with any framework. */
export function describePages({ name, ready, attack }: PagesExample): void {
  describeEngines(
    `examples/${name}`,
    (engine) => {
      let folder: ExampleFolder
      let port: number
      let url: string
      let browser: Browser
      let wallet: TestWallet

      /** Serves the app with a clock that is ahead by this time. */
      const serving = async (aheadMs: number, work: (server: ExampleProcess) => Promise<void>) => {
        const clock = join(folder.path, 'clock.mjs')
        await writeFile(clock, `const { now } = Date; Date.now = () => now() + ${aheadMs}\n`)
        const env = { PORT: String(port), APP_HOST: `localhost:${port}`, ORIGIN: url }
        const options = { NODE_OPTIONS: `--import=${pathToFileURL(clock)}`, NEXT_TELEMETRY_DISABLED: '1' }
        const server = await startUntil(ready, 'npm', ['run', 'serve'], {
          cwd: folder.path,
          env: { ...ownEnv(), ...env, ...options },
        })
        try {
          await work(server)
        } finally {
          await server.stop()
        }
      }
      const cookieHeader = async (): Promise<string> => {
        const cookies = (await browser.context?.cookies(url)) ?? []
        return cookies.map(({ name: key, value }) => `${key}=${value}`).join('; ')
      }

      beforeAll(async () => {
        folder = await exampleFolder(name)
        port = await freePort()
        url = `http://localhost:${port}`
        await run('npm', ['run', 'build'], { cwd: folder.path, env: { NEXT_TELEMETRY_DISABLED: '1' } })
        browser = await openBrowser(engine)
        if (!browser.context) throw new Error('not driven by playwright')
        wallet = await walletInPages(browser.context)
      })
      afterAll(async () => {
        await browser?.close()
        await folder?.remove()
      })

      it('shows the account on server-rendered pages, accepts notes, and shows none after the sign-out', async () => {
        await serving(0, async () => {
          const { page } = browser
          await page.goto(`${url}/notes`)
          await page.waitForText('#greeting', 'You are signed out')
          expect(await page.evaluate(() => location.pathname)).toBe('/')

          await page.click('#sign-in')
          await page.waitForText('#greeting', ADDRESS)
          await page.goto(`${url}/notes`)
          await page.waitForText('h1', `Notes of ${ADDRESS}`)
          await page.type('input[name=text]', 'Buy cacao beans')
          await page.click('main button')
          await page.waitForText('li', 'Buy cacao beans')
          const html = await (
            await fetch(`${url}/notes`, { headers: { cookie: await cookieHeader() } })
          ).text()
          expect(html).toContain('Buy cacao beans')

          const other = await browser.newPage()
          await other.goto(url)
          await other.waitForText('#greeting', ADDRESS)
          await other.click('#sign-out')
          await other.waitForText('#greeting', 'You are signed out')
          // Without a click, on a page that still showed the notes.
          await page.waitForText('#greeting', 'You are signed out')
          await page.goto(`${url}/notes`)
          await page.waitForText('#greeting', 'You are signed out')
          expect(await cookieHeader()).toBe('')
          await other.close()
          expect(wallet.prompts).toBe(1)
        })
      })

      it('continues on the next day without a prompt, but not with a stolen cookie', async () => {
        let stolen = ''
        await serving(0, async () => {
          const { page } = browser
          await page.goto(url)
          await page.click('#sign-in')
          await page.waitForText('#greeting', ADDRESS)
          stolen = await cookieHeader()
          await page.goto('about:blank')
        })
        const prompts = wallet.prompts
        await serving(DAY_MS - 60_000, async () => {
          const thief = await fetch(`${url}/notes`, {
            headers: { cookie: stolen, 'sec-fetch-dest': 'document' },
          })
          expect(thief.status).toBe(401)
          expect(await thief.text()).not.toContain(ADDRESS)

          const { page } = browser
          await page.goto(`${url}/notes?from=mail`)
          await page.waitForText('h1', `Notes of ${ADDRESS}`)
          expect(await page.evaluate(() => location.search)).toBe('?from=mail')
          expect(wallet.prompts).toBe(prompts)
          await page.click('#sign-out')
          await page.waitForText('#greeting', 'You are signed out')
        })
      })

      it('refuses a form of another site', async () => {
        await serving(0, async () => {
          const { page } = browser
          await page.goto(url)
          await page.click('#sign-in')
          await page.waitForText('#greeting', ADDRESS)
          const cookie = await cookieHeader()
          for (const headers of [
            {},
            { origin: 'https://other.example' },
            { 'sec-fetch-site': 'cross-site' },
          ]) {
            const form = new URLSearchParams({ text: 'Give it all away' })
            const given = { method: 'POST', body: form, headers: { cookie, ...headers } }
            const { status } = await fetch(`${url}/notes`, { ...given, redirect: 'manual' })
            expect(status).not.toBe(200)
          }
          const html = await (await fetch(`${url}/notes`, { headers: { cookie } })).text()
          expect(html).toContain(ADDRESS)
          expect(html).not.toContain('Give it all away')
        })
      })

      it('refuses every attack on signed requests', async () => {
        await serving(0, () => attack(port))
      })
    },
    ['chromium'],
  )
}
