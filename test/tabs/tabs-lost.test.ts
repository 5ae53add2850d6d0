import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeEngines } from '../e2e/engines.js'
import type { Page } from '../e2e/page.js'
import type { Tab } from '../e2e/pages/tabs.js'
import { openTabs } from './open-tabs.js'
import { canFindProcesses, processOf } from './page-process.js'
import { answer, get, isQueued, look, outcome, prompted, TABS_WITHOUT, waitForEvent } from './tab-pages.js'

declare const tab: Tab

const WAIT_MS = 1000
// Long enough to load it in another tab before it expires, even on a busy machine.
const LIFE_MS = 15_000
// Only limits calls that hang, because a busy machine is only slow.
const SLACK_MS = 120_000
const NEVER_SECS = 86_400

const pairs = ['killed', 'frozen', 'hidden'].flatMap((fate) =>
  TABS_WITHOUT.map(([without, query]) => ({ fate, without, query })),
)

describeEngines('a tab', (engine) => {
  let tabs: Awaited<ReturnType<typeof openTabs>>
  const processes = new Map<Page, number>()
  beforeAll(async () => {
    const paths = pairs.flatMap(({ fate, query }) => {
      const path = `/?namespace=${randomUUID()}${query}${fate === 'hidden' ? '' : '&ask'}`
      return [path, path]
    })
    tabs = await openTabs(engine, paths)
    if (!canFindProcesses) return
    for (const { fate, without } of pairs) {
      const [one] = pairOf(fate, without)
      if (fate !== 'hidden') processes.set(one, await processOf(one))
    }
    // Only our own processes may be killed or frozen.
    expect(new Set(processes.values()).size).toBe(processes.size)
  })
  afterAll(() => tabs.close())

  function pairOf(fate: string, without: string): [Page, Page] {
    const index = pairs.findIndex((pair) => pair.fate === fate && pair.without === without)
    return tabs.pages.slice(2 * index, 2 * index + 2) as [Page, Page]
  }

  function signal(page: Page, name: NodeJS.Signals): void {
    const id = processes.get(page)
    if (id === undefined) throw new Error('no process is known to run the page')
    process.kill(id, name)
  }

  describe.skipIf(!canFindProcesses)('with an open prompt', () => {
    it.concurrent.each(TABS_WITHOUT)('that is killed lets another tab continue%s', async (without) => {
      const [one, two] = pairOf('killed', without)
      await get(one)
      await prompted(one)
      // Only the browser knows at once that a tab has died: then it releases the tab's lock.
      const hasLocks = without === ''
      await get(two, { waitSecs: hasLocks ? NEVER_SECS : WAIT_MS / 1000 })
      if (hasLocks) await isQueued(two)
      const killedAt = Date.now()
      signal(one, 'SIGKILL')
      await prompted(two)
      const { promptedAt, startedAt } = await look(two)
      expect(promptedAt).toBeGreaterThanOrEqual(killedAt)
      if (!hasLocks) expect(promptedAt - startedAt).toBeLessThan(WAIT_MS + SLACK_MS)
      await answer(two, 'approves')
      expect(await outcome(two)).toMatch(/^did:key:/)
    })

    it.concurrent.each(TABS_WITHOUT)(
      'that is frozen keeps another tab waiting only for its waitSecs%s',
      async (without) => {
        const [one, two] = pairOf('frozen', without)
        await get(one)
        await prompted(one)
        const { startedAt: askedFirst } = await look(one)
        signal(one, 'SIGSTOP')
        try {
          await get(two, { waitSecs: WAIT_MS / 1000 })
          await prompted(two)
          const { promptedAt, startedAt } = await look(two)
          expect(promptedAt - askedFirst).toBeGreaterThanOrEqual(WAIT_MS)
          expect(promptedAt - startedAt).toBeLessThan(WAIT_MS + SLACK_MS)
          await answer(two, 'approves')
          expect(await outcome(two)).toMatch(/^did:key:/)
        } finally {
          signal(one, 'SIGCONT')
        }
        // It continues: its prompt can still be answered, and neither session ends the other.
        await answer(one, 'approves')
        expect(await outcome(one)).toMatch(/^did:key:/)
        for (const page of [one, two])
          expect(await look(page)).toMatchObject({ isAuthorized: true, prompts: 1 })

        // It learns afterwards what happened while it was frozen. A tab that polls each second may be frozen during a read.
        if (without !== '') return
        signal(one, 'SIGSTOP')
        await two.evaluate(() => tab.removeAll()).finally(() => signal(one, 'SIGCONT'))
        await waitForEvent(one, 'events', 'removed')
        expect(await one.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')
      },
    )
  })

  it.concurrent.each(TABS_WITHOUT)('that is hidden is notified when its session ends%s', async (without) => {
    const pair = pairOf('hidden', without)
    const isHidden = (page: Page): Promise<boolean> => page.evaluate(() => document.hidden)
    // Only one of the tabs is visible.
    const [one, two] = (await isHidden(pair[0])) ? pair : (pair.reverse() as [Page, Page])
    await get(two)
    const keyDID = await outcome(two)
    await one.evaluate(() => tab.load())
    expect(await outcome(one)).toBe(keyDID)
    await two.evaluate(() => tab.remove())
    await waitForEvent(one, 'events', 'removed')
    expect(await one.evaluate(() => tab.sign())).toBe('ERR_SESSION_REMOVED')

    await get(two, { expiresInSecs: LIFE_MS / 1000 })
    await outcome(two)
    await one.evaluate(() => tab.load())
    await outcome(one)
    await waitForEvent(one, 'events', 'expired')
    const due = (await look(two)).startedAt + LIFE_MS
    const { heardAt } = await look(one)
    // The session's times are in whole seconds.
    expect(heardAt).toBeGreaterThanOrEqual(due - 1000)
    expect(heardAt).toBeLessThan(due + SLACK_MS)
    expect(await one.evaluate(() => tab.sign())).toBe('ERR_CAPABILITY_EXPIRED')
    expect(await isHidden(one)).toBe(true)
  })
})
