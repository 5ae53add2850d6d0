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
  showTogether,
  TABS_WITHOUT,
  tabOpener,
  waitForEvent,
} from './tab-pages.js'

declare const tab: Tab

// Only limits calls that hang, because a busy machine is only slow.
const SLACK_MS = 120_000
const NEVER_SECS = 86_400

let server: PageServer
beforeAll(async () => {
  server = await servePage('tabs.ts')
})
afterAll(() => server.close())

describeEngines('tabs', (engine) => {
  let browser: Browser
  let open: ReturnType<typeof tabOpener>
  beforeAll(async () => {
    browser = await openBrowser(engine)
    open = tabOpener(server, browser)
  })
  afterAll(() => browser.close())

  it.each(TABS_WITHOUT)('notify each other when they sign in, renew and sign out%s', async (_, query) => {
    const [one, two] = (await open(2, query)) as [Page, Page]
    await look(two)
    await get(one)
    const keyDID = await outcome(one)
    await waitForEvent(two, 'changes', 'signed-in')
    await two.evaluate(() => tab.load())
    expect(await outcome(two)).toBe(keyDID)

    await one.evaluate(() => tab.renew())
    const renewed = await outcome(one)
    expect(renewed).not.toBe(keyDID)
    await waitForEvent(two, 'events', 'renewed')
    expect(await look(two)).toMatchObject({ keyDID: renewed, isAuthorized: true, stored: [renewed] })
    expect(await two.evaluate(() => tab.sign())).toBe('64 bytes')

    await two.evaluate(() => tab.remove())
    await waitForEvent(one, 'events', 'removed')
    expect(await one.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')
    expect(await look(one)).toMatchObject({ isAuthorized: false, stored: [], explained: 'none' })
    expect((await look(one)).prompts + (await look(two)).prompts).toBe(2)
  })

  it.each(TABS_WITHOUT)('prompt once when ten sign in at once%s', async (_, query) => {
    const tabs = await open(10, `&ask${query}`)
    await Promise.all(tabs.map((page) => get(page)))
    const prompts = async (): Promise<number[]> =>
      Promise.all(tabs.map(async (page) => (await look(page)).prompts))
    let asked = -1
    while (asked < 0) asked = (await prompts()).indexOf(1)
    await answer(tabs[asked] as Page, 'approves')
    const keys = await Promise.all(tabs.map(outcome))
    expect(keys[0]).toMatch(/^did:key:zDn/)
    expect(new Set(keys).size).toBe(1)
    expect((await prompts()).reduce((sum, count) => sum + count)).toBe(1)
  })

  it.each(TABS_WITHOUT)(
    'do not prompt again after the person declined in one of them%s',
    async (_, query) => {
      const [one, two] = (await open(2, `&ask${query}`)) as [Page, Page]
      await get(one)
      await prompted(one)
      await get(two)
      await answer(one, 'rejects')
      expect(await Promise.all([one, two].map(outcome))).toEqual(['ERR_AUTH_REJECTED', 'ERR_AUTH_REJECTED'])
      expect((await look(two)).prompts).toBe(0)
      await get(two)
      await prompted(two)
      await answer(two, 'approves')
      expect(await outcome(two)).toMatch(/^did:key:/)
    },
  )

  it.each([
    ['', ''],
    [', without Web Locks', '&no-locks'],
  ])('wait no longer than waitSecs for a prompt left open in another tab%s', async (_, query) => {
    const [one, two] = (await open(2, `&ask${query}`)) as [Page, Page]
    await get(one)
    await prompted(one)
    await get(two, { waitSecs: 1 })
    await prompted(two)
    await answer(two, 'approves')
    const keyDID = await outcome(two)
    expect(keyDID).toMatch(/^did:key:/)
    // If the first prompt is answered after all, its tab has a session too.
    await answer(one, 'approves')
    expect(await outcome(one)).toMatch(/^did:key:/)
    expect((await look(two)).isAuthorized).toBe(true)
  })

  it.each(TABS_WITHOUT)('continue when one is closed while its prompt is open%s', async (without, query) => {
    const [one, two] = [await browser.newPage(), browser.page]
    await showTogether(server, [one, two], `&ask${query}`)
    await get(one)
    await prompted(one)
    // Only the browser knows at once that a tab is gone: then it releases the tab's lock.
    const hasLocks = without === ''
    await get(two, { waitSecs: hasLocks ? NEVER_SECS : 1 })
    if (hasLocks) await isQueued(two)
    const closedAt = Date.now()
    await one.close()
    await prompted(two)
    const { promptedAt, startedAt } = await look(two)
    expect(promptedAt).toBeGreaterThanOrEqual(closedAt)
    if (!hasLocks) expect(promptedAt - startedAt).toBeLessThan(1000 + SLACK_MS)
    await answer(two, 'approves')
    expect(await outcome(two)).toMatch(/^did:key:/)
  })

  // It takes seconds, so it runs in one engine; test/store/connection.test.ts runs in all.
  it.runIf(engine.name === 'firefox')('sign in without the database while one of them holds it', async () => {
    const [one, two] = (await open(2, '&no-locks')) as [Page, Page]
    // As a tab does that was frozen during a write.
    await one.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const opening = indexedDB.open('cacao-session')
          opening.onerror = () => reject(opening.error)
          opening.onsuccess = () => {
            const transaction = opening.result.transaction(['sessions', 'keys', 'last'], 'readwrite')
            const hold = (): void => {
              if ('letGo' in globalThis) return
              transaction.objectStore('last').get('nothing').onsuccess = hold
              resolve()
            }
            hold()
          }
        }),
    )
    await get(two)
    await two.waitFor(() => tab.hasPrompted())
    await two.waitFor(async () => tab.persistence() === 'memory')
    expect(await two.evaluate(() => tab.sign())).toBe('64 bytes')
    // An abandoned write is not done later.
    await one.evaluate(() => void Object.assign(globalThis, { letGo: true }))
    expect(await look(one)).toMatchObject({ stored: [], explained: 'none' })
  })
})
