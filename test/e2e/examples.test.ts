import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Engine } from '../engines/engine.js'
import { KEY_A } from '../setup/wallet.js'
import { type Browser, openBrowser } from './browser.js'
import {
  BUTTON,
  chooseWallet,
  clearSite,
  id,
  isVisible,
  untilClosed,
  untilStatus,
  untilVisible,
  widthOverflow,
} from './demo-page.js'
import { describeEngines } from './engines.js'
import { type ExampleProcess, startExample } from './example-process.js'
import type { Page } from './page.js'
import { temporaryFolder } from './temporary-folder.js'

interface Run {
  readonly code: number
  readonly lines: string[]
  readonly complaint: string
}

/** Runs a script of the examples to its end. */
function runExample(script: string, env: Readonly<Record<string, string>>): Promise<Run> {
  const path = fileURLToPath(new URL(`../../examples/${script}`, import.meta.url))
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [path],
      { env: { ...process.env, PRIVATE_KEY: '', ...env } },
      (_, stdout, complaint) =>
        resolve({ code: child.exitCode ?? -1, lines: stdout.trim().split('\n'), complaint }),
    )
  })
}

describe('custom-store', () => {
  it('separates two kinds of sign-in, and ends one of them', async () => {
    const SESSIONS = await temporaryFolder()
    const run = () => runExample('custom-store/kinds.js', { SESSIONS, PRIVATE_KEY: KEY_A })
    const [first, second] = [await run(), await run()]
    expect(first.complaint + second.complaint).toBe('')
    const [user = '', admin = '', ...after] = first.lines
    expect(user).toMatch(/^user +did:key:z6Mk\w+ for https:\/\/api\.example\.com\/notes\/\* in a folder$/)
    expect(admin).toMatch(/^admin +did:key:z6Mk\w+ for https:\/\/api\.example\.com\/admin\/\* in a folder$/)
    expect(after).toEqual(['user: still signed in', 'admin: signed out'])
    expect(second.lines[0]).toBe(user)
    expect(second.lines[1]).not.toBe(admin)
    expect((await readdir(SESSIONS)).sort()).toEqual(['cacao-session%3Aadmin', 'cacao-session%3Auser'])
  })
})

const address = /^ {2}Page: (\S+)\n/m
const urlOf = ({ printed }: ExampleProcess): string => address.exec(printed)?.[1] ?? ''

let pages: readonly [webStorage: ExampleProcess, buttons: ExampleProcess]
let browsers: ReadonlyMap<Engine, Browser>
beforeAll(async () => {
  const start = (name: string) => startExample(`${name}/start.js`, address)
  const open = async (engine: Engine) => [engine, await openBrowser(engine)] as const
  const opening = Promise.all(inject('engines').map(open))
  pages = await Promise.all([start('web-storage'), start('buttons')])
  browsers = new Map(await opening)
})
afterAll(async () => {
  await Promise.all(pages.map((page) => page.stop()))
  await Promise.all([...browsers.values()].map((browser) => browser.close()))
})

const status = (page: Page): Promise<string> => page.text(id('status'))
const told = (page: Page, words: string): Promise<void> => page.waitForText(id('status'), words)

async function logIn(page: Page, choose = () => page.click(id('log-in'))): Promise<string> {
  await choose()
  await untilVisible(page, 'wallet-sign')
  await page.click(id('wallet-sign'))
  await told(page, 'did:pkh:eip155:1:0x')
  return status(page)
}

/** Expects that the page needs no horizontal scrolling on a phone. */
async function fits(page: Page): Promise<void> {
  await page.setViewport(390, 800)
  expect(await widthOverflow(page)).toBe(0)
  await page.setViewport(1280, 800)
}

describeEngines('the example page', (engine) => {
  let browser: Browser
  let page: Page
  beforeAll(() => {
    browser = browsers.get(engine) ?? expect.fail('no browser')
    page = browser.page
  })

  const visit = async (url: string): Promise<void> => {
    await clearSite(page, url)
    await page.goto(url)
    await told(page, 'Signed out')
  }

  it('web-storage keeps the session in Web Storage, over a reload, until the person logs out', async () => {
    await visit(urlOf(pages[0]))
    const items = () => page.evaluate(() => Object.keys(localStorage).sort())
    await page.click(id('log-in'))
    await untilVisible(page, 'wallet-reject')
    await page.click(id('wallet-reject'))
    await told(page, 'You declined in the wallet')
    expect(await items()).toEqual(['demo-wallet-key'])
    const shown = await logIn(page)
    expect(shown).toMatch(/^did:pkh:eip155:1:0x[0-9a-f]{40} by did:key:z6Mk\w+, kept as strings$/)
    expect(await items()).toEqual(['cacao-session:default', 'demo-wallet-key'])
    await fits(page)
    await page.reload()
    await told(page, 'did:pkh')
    expect(await status(page)).toBe(shown)
    expect(await isVisible(page, 'wallet-dialog')).toBe(false)
    await page.click(id('log-out'))
    await told(page, 'Signed out')
    await page.reload()
    await told(page, 'Signed out')
  })

  it('buttons log in, check and log out, in all tabs', async () => {
    const url = urlOf(pages[1])
    await visit(url)
    // WebKitGTK has one page when it's driven.
    const front = engine.name === 'webkitgtk' ? page : await browser.newPage()
    if (front !== page) await front.goto(url)
    await told(front, 'Signed out')
    await front.click(id('check'))
    await told(front, 'The wallet would be asked: not connected')
    const shown = await logIn(front, () => chooseWallet(front))
    await told(page, shown)
    await untilStatus(page, 'signed-in')
    await untilClosed(front)
    await front.click(id('check'))
    await told(front, 'No signature needed')
    await front.reload()
    await told(front, shown)
    await fits(front)
    await untilStatus(front, 'signed-in')
    await front.click(BUTTON)
    await front.click('.cacao-sign-in-out')
    await told(front, 'Signed out')
    await told(page, 'Signed out')
    await untilStatus(page, 'signed-out')
    await untilClosed(front)
    await front.click(id('check'))
    await told(front, 'The wallet would be asked: none')
    expect(await isVisible(front, 'wallet-dialog')).toBe(false)
  })
})
