import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeEngines } from './engines.js'
import { openTabs } from './open-tabs.js'
import type { Page } from './page.js'
import { canFindProcesses, processOf } from './page-process.js'
import { answer, get, look, outcome, prompted, TABS_WITHOUT } from './tab-pages.js'

const WAIT_MS = 1000
// What a machine under load may take on top of the bound.
const SLACK_MS = 4000

const fates = ['killed', 'frozen'].flatMap((fate) =>
  TABS_WITHOUT.map(([without, query], index) => [fate, without, { query, hasLocks: index === 0 }] as const),
)

describeEngines('a tab whose prompt is open and whose process is', (engine) => {
  if (!canFindProcesses) return it.skip('skipped: this system does not tell which process runs a page')
  let tabs: Awaited<ReturnType<typeof openTabs>>
  beforeAll(async () => {
    const paths = fates.flatMap(([, , { query }]) => {
      const path = `/?namespace=${randomUUID()}&ask${query}`
      return [path, path]
    })
    tabs = await openTabs(engine, paths)
  })
  afterAll(() => tabs.close())
  const pair = (index: number): Page[] => tabs.pages.slice(2 * index, 2 * index + 2)

  it.each(fates)('%s keeps another waiting for no longer than that one says%s', async (fate, _, way) => {
    const [one, two] = pair(fates.findIndex((row) => row[2] === way)) as [Page, Page]
    const process1 = await processOf(one)
    expect(await processOf(two)).not.toBe(process1)
    await get(one)
    await prompted(one)
    const { startedAt: askedFirst } = await look(one)
    // The browser lets go of a dead tab's lock: then it takes no bound.
    const isLetGo = fate === 'killed' && way.hasLocks
    await get(two, isLetGo ? {} : { waitSecs: WAIT_MS / 1000 })
    if (way.hasLocks) await two.waitFor(async () => (await navigator.locks.query()).pending?.length)
    const lostAt = Date.now()
    process.kill(process1, fate === 'killed' ? 'SIGKILL' : 'SIGSTOP')
    try {
      await prompted(two)
      const { promptedAt, startedAt } = await look(two)
      expect(promptedAt).toBeGreaterThanOrEqual(lostAt)
      if (isLetGo) expect(promptedAt - lostAt).toBeLessThan(SLACK_MS)
      else {
        expect(promptedAt - askedFirst).toBeGreaterThanOrEqual(WAIT_MS)
        expect(promptedAt - startedAt).toBeLessThan(WAIT_MS + SLACK_MS)
      }
      await answer(two, 'sign')
      expect(await outcome(two)).toMatch(/^did:key:/)
    } finally {
      if (fate === 'frozen') process.kill(process1, 'SIGCONT')
    }
    if (fate === 'killed') return
    // It goes on where it was: its prompt can still be answered, and neither session ends the other.
    await answer(one, 'sign')
    expect(await outcome(one)).toMatch(/^did:key:/)
    expect([await look(one), await look(two)]).toMatchObject([{ isAuthorized: true }, { isAuthorized: true }])
  })
})
