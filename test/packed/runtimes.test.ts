import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { conformance, type Outcome } from '../conformance/conformance.js'
import type { Runtime } from '../conformance/library.js'
import type { Place } from '../conformance/runners/page.js'
import { engineNames, engineTitles } from '../engines/engine.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { type BrowserPlaces, browserPlaces } from './runtimes/browser-places.js'
import { type ProcessName, runInProcess } from './runtimes/processes.js'
import { sharedFiles } from './runtimes/shared-files.js'
import { runInWorkerd } from './runtimes/workerd.js'

// One suite in every runtime, each with the published package. What a runtime can't do is declared here, and tested.
const shared = await sharedFiles()
const topics = conformance(shared)

const SERVER: Runtime = { hasIndexedDB: false, hasLocation: false, clonesKeys: true }
const BROWSER: Runtime = { hasIndexedDB: true, hasLocation: true, clonesKeys: true }

let folder: BareFolder
beforeAll(async () => {
  folder = await bareFolder()
})
afterAll(() => folder.remove())

/** The cases, each with its outcome in that runtime. */
function conforms(runtime: string, start: () => Promise<readonly Outcome[]>): void {
  describe(runtime, () => {
    let outcomes: readonly Outcome[] = []
    beforeAll(async () => {
      outcomes = await start()
    })
    for (const { topic, cases } of topics) {
      describe(topic, () => {
        it.each(cases.map(({ name }) => name))('%s', (name) => {
          const outcome = outcomes.find((candidate) => candidate.topic === topic && candidate.name === name)
          expect(outcome, `${runtime} ran no such case`).toBeDefined()
          expect(outcome?.error).toBeUndefined()
        })
      })
    }
  })
}

const processes: readonly (readonly [name: ProcessName, title: string, runtime: Runtime])[] = [
  ['node20', 'Node 20', SERVER],
  ['node22', 'Node 22', SERVER],
  ['node24', 'Node 24', SERVER],
  ['deno', 'Deno', SERVER],
  ['bun', 'Bun', SERVER],
]
for (const [name, title, runtime] of processes)
  conforms(title, () => runInProcess(name, { folder, runtime, shared }))

conforms('workerd', () => runInWorkerd({ folder, runtime: { ...SERVER, clonesKeys: false }, shared }))

const engines = inject('engines')
const places: readonly Place[] = ['page', 'web worker', 'service worker']

for (const name of engineNames) {
  const engine = engines.find((candidate) => candidate.name === name)
  if (!engine) {
    it.skip(`skipped: ${engineTitles[name]} is not here`)
    continue
  }
  describe('in a browser', () => {
    let browser: BrowserPlaces
    beforeAll(async () => {
      browser = await browserPlaces(engine, { folder, runtime: BROWSER, shared })
    })
    afterAll(() => browser.close())
    for (const place of places) conforms(`${engineTitles[name]}, ${place}`, () => browser.run(place))
  })
}
