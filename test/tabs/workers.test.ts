import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Browser, openBrowser } from '../e2e/browser.js'
import { describeEngines } from '../e2e/engines.js'
import type { Page } from '../e2e/page.js'
import type { Tab } from '../e2e/pages/tabs.js'
import { type PageServer, servePage } from '../e2e/server.js'
import {
  answer,
  get,
  isQueued,
  look,
  outcome,
  prompted,
  show,
  TABS_WITHOUT,
  waitForEvent,
} from './tab-pages.js'
import { startWorker, type WorkerKind } from './worker-page.js'

declare const tab: Tab

let server: PageServer
beforeAll(async () => {
  server = await servePage('tabs.ts', {
    scripts: { modules: { 'module-worker': 'worker.ts' }, classic: { 'classic-worker': 'worker.ts' } },
  })
})
afterAll(() => server.close())

const [[, WITH], [without, WITHOUT]] = TABS_WITHOUT
// Each kind runs without locks and channel once, because it takes seconds.
const actors = [
  ['dedicated', '', WITH],
  ['service', '', WITH],
  ['service', without, WITHOUT],
] as const
const askers = [
  ['dedicated', '', WITH],
  ['service', '', WITH],
  ['dedicated', without, WITHOUT],
] as const

describeEngines('a worker', (engine) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser(engine)
  })
  afterAll(() => browser.close())

  async function open(kind: WorkerKind, query: string): Promise<[page: Page, worker: Page]> {
    const own = `?namespace=${randomUUID()}${query}`
    await show(browser.page, `${server.origin}/${own}`)
    return [browser.page, await startWorker(browser.page, kind, own)]
  }

  it.each(actors)(
    '(%s) uses the session that a tab signs in, renews and signs out%s',
    async (kind, _, query) => {
      const [page, worker] = await open(kind, query)
      await look(worker)
      await get(page)
      const keyDID = await outcome(page)
      await waitForEvent(worker, 'changes', 'signed-in')
      await worker.evaluate(() => tab.load())
      expect(await outcome(worker)).toBe(keyDID)
      expect(await worker.evaluate(() => tab.sign())).toBe('64 bytes')
      expect(await worker.evaluate(() => tab.signRequest())).toMatch(/^cacao=/)

      await page.evaluate(() => tab.renew())
      const renewed = await outcome(page)
      await waitForEvent(worker, 'events', 'renewed')
      expect(await look(worker)).toMatchObject({ keyDID: renewed, isAuthorized: true, explained: 'ok' })
      expect(await worker.evaluate(() => tab.sign())).toBe('64 bytes')

      await page.evaluate(() => tab.remove())
      await waitForEvent(worker, 'events', 'removed')
      expect(await worker.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')
      expect(await look(worker)).toMatchObject({
        isAuthorized: false,
        stored: [],
        explained: 'none',
        prompts: 0,
      })
    },
  )

  it.each(askers)(
    '(%s) waits for the prompt of a tab, and signs out for all tabs%s',
    async (kind, without, query) => {
      const [page, worker] = await open(kind, `&ask${query}`)
      await get(page)
      await prompted(page)
      await get(worker)
      if (without === '') await isQueued(worker)
      await answer(page, 'approves')
      const keyDID = await outcome(page)
      expect(await outcome(worker)).toBe(keyDID)
      expect((await look(worker)).prompts).toBe(0)

      await worker.evaluate(() => tab.remove())
      await waitForEvent(page, 'events', 'removed')
      expect(await page.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')
    },
  )
})
