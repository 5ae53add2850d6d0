import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { fullText, id, isVisible, signIn, untilVisible, visit, widthOverflow } from '../e2e/demo-page.js'
import { describeEngines } from '../e2e/engines.js'
import { type ExampleProcess, startExample } from '../e2e/example-process.js'
import type { Page } from '../e2e/page.js'

const ADDRESS = /^ {2}Page: (\S+)\n/m

let example: ExampleProcess
let url: string
beforeAll(async () => {
  example = await startExample('delegate-worker/start.js', ADDRESS)
  url = ADDRESS.exec(example.printed)?.[1] ?? ''
})
afterAll(async () => {
  expect(example.complaints()).toBe('')
  expect(await example.interrupt()).toBe(0)
})

/** Makes the worker do something, and returns the server's response. */
async function have(page: Page, work: 'upload' | 'read-account'): Promise<unknown> {
  await page.evaluate((css) => document.querySelector(css)?.replaceChildren(), id('result'))
  await page.click(id(work))
  await page.waitForText(id('result'), '{')
  return JSON.parse(await page.text(id('result')))
}

describeEngines('a worker with a delegated session', (engine) => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await openBrowser(engine)
    page = browser.page
  })
  afterAll(() => browser.close())
  beforeEach(async () => {
    await visit(page, url)
    await signIn(page)
  })

  it('acts for the account with a key of its own, and without a prompt', async () => {
    const answer = await have(page, 'upload')
    const [account, key] = [await fullText(page, 'account'), await fullText(page, 'worker-key')]
    expect(answer).toEqual({ status: 200, account: account.replace('did:pkh:', ''), keyDID: key, uploads: 1 })
    expect(key).toMatch(/^did:key:zDn/)
    expect(key).not.toBe(await fullText(page, 'key'))
    expect(await page.text(id('worker-resources'))).toBe(`${url}api/uploads/*`)
    expect(await page.text(id('worker-ends'))).toBe('in 10 minutes')
    expect(await isVisible(page, 'wallet-dialog')).toBe(false)
  })

  it('is shown without horizontal scrolling in a narrow window', async () => {
    await page.setViewport(500, 800)
    await have(page, 'upload')
    expect(await widthOverflow(page)).toBe(0)
  })

  it('is refused anything that was not delegated', async () => {
    expect(await have(page, 'read-account')).toEqual({ status: 403, code: 'ERR_CAPABILITY_RESOURCES' })
    expect(await have(page, 'upload')).toMatchObject({ status: 200 })
  })

  it('keeps its key over a reload, and the page keeps its own', async () => {
    await have(page, 'upload')
    const [key, workerKey] = [await fullText(page, 'key'), await fullText(page, 'worker-key')]
    await page.reload()
    await untilVisible(page, 'account')
    expect(await have(page, 'upload')).toMatchObject({ status: 200, keyDID: workerKey, uploads: 2 })
    expect(await fullText(page, 'key')).toBe(key)
  })

  it('is refused everything after the page signs out, and starts again with a new session', async () => {
    await have(page, 'upload')
    const workerKey = await fullText(page, 'worker-key')
    await page.click(id('sign-out'))
    await page.waitForText(id('session-state'), 'Signed out.')
    expect(await have(page, 'upload')).toEqual({ status: 401, code: 'ERR_CAPABILITY_REVOKED' })
    await page.reload()
    await untilVisible(page, 'sign-in')
    await signIn(page)
    expect(await have(page, 'upload')).toMatchObject({ status: 200, uploads: 2 })
    expect(await fullText(page, 'worker-key')).not.toBe(workerKey)
  })

  it('gets no capability from a page that has signed out', async () => {
    await page.click(id('sign-out'))
    await page.waitForText(id('session-state'), 'Signed out.')
    expect(await have(page, 'upload')).toEqual({ code: 'ERR_AUTH_FAILED' })
  })
})
