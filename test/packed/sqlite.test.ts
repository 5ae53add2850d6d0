import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'
import { installedNode } from './runtimes/installed.js'

// The suites for custom stores, run on SQLite as a user of the package runs them.
const SCRIPT = `
import { deviceStoreCases, replayStoreCases, revocationStoreCases } from 'cacao-session/testing'
import { sqlDevices, sqlMigration, sqlReplay, sqlRevocation } from 'cacao-session/sql'
import { open } from './open.js'

const database = open('sessions.db')
database.exec('PRAGMA journal_mode = WAL')
database.exec('PRAGMA busy_timeout = 2000')
// Changes nothing that is there.
for (let i = 0; i < 2; i++) database.exec(sqlMigration('sqlite'))
const closed = open('sessions.db')
closed.close()
const suites = [
  replayStoreCases({ open: (options) => sqlReplay(database, options), openBroken: () => sqlReplay(closed) }),
  revocationStoreCases({ open: (options) => sqlRevocation(database, options), openBroken: () => sqlRevocation(closed) }),
  deviceStoreCases({ open: (options) => sqlDevices(database, options), openBroken: () => sqlDevices(closed) }),
]
const outcomes = []
for (const { name, run } of suites.flat())
  await run().then(() => outcomes.push([name, 'done']), (error) => outcomes.push([name, String(error)]))
database.exec('BEGIN')
const undone = await sqlReplay(database).use('a', Date.now() + 60_000).then(String, (error) => error.code + ': ' + error.cause.message)
console.log(JSON.stringify({ outcomes, undone }))
`
const NODE_SQLITE = `
import { DatabaseSync } from 'node:sqlite'
export const open = (file) => new DatabaseSync(file)
`
const BETTER_SQLITE3 = `
import Database from 'better-sqlite3'
export const open = (file) => new Database(file)
`

interface Results {
  readonly outcomes: readonly (readonly [name: string, outcome: string])[]
  /** The result of a use within a transaction of the app. */
  readonly undone: string
}

async function results(folder: BareFolder, program: string, open: string): Promise<Results> {
  await folder.write('open.js', open)
  const script = await folder.write('stores.js', SCRIPT)
  const { stdout } = await run(program, ['--no-warnings', script], { cwd: folder.path })
  return JSON.parse(stdout) as Results
}

const expectAllDone = ({ outcomes }: Results): void => {
  expect(outcomes.length).toBeGreaterThan(25)
  expect(outcomes.filter(([, outcome]) => outcome !== 'done')).toEqual([])
}

describe('the stores in SQLite', () => {
  let folder: BareFolder
  beforeAll(async () => {
    folder = await bareFolder()
  })
  afterAll(() => folder.remove())

  it.each([22, 24] as const)(
    'pass the test suite of stores, with node:sqlite of Node %s',
    async (version) => {
      expectAllDone(await results(folder, installedNode(version), NODE_SQLITE))
    },
  )

  it('refuse a connection with an open transaction, which could be rolled back', async () => {
    const { undone } = await results(folder, installedNode(24), NODE_SQLITE)
    expect(undone).toContain('ERR_STORE_UNAVAILABLE: a transaction is open')
  })

  it('pass it with better-sqlite3', async (context) => {
    const own = await bareFolder()
    try {
      // If there is no binary to download, it is compiled, which needs a compiler; without optimization, that takes a third of
      // the time.
      const env = { CFLAGS: '-O0', CXXFLAGS: '-O0' }
      const install = async (): Promise<void> => {
        await run('npm', ['install', 'better-sqlite3@12'], { cwd: own.path, env, timeout: 300_000 })
        const open = "import('better-sqlite3').then((module) => new module.default(':memory:'))"
        await run(process.execPath, ['-e', open], { cwd: own.path })
      }
      const [{ status }] = await Promise.allSettled([install()])
      if (status === 'rejected') context.skip('better-sqlite3 can neither be downloaded nor compiled here')
      const found = await results(own, process.execPath, BETTER_SQLITE3)
      expectAllDone(found)
      expect(found.undone).toContain('ERR_STORE_UNAVAILABLE: a transaction is open')
    } finally {
      await own.remove()
    }
  })
})
