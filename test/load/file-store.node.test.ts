import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { fileStore } from '../../src/node/file-store.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { integer } from '../setup/seed.js'

const WRITERS = 10
const KILLS = integer('LOAD_KILLS', 220)
const WRITES = integer('LOAD_WRITES', 1200)
// A writer is killed within this time (ms) of its first attempt: so in the middle of any step, of its own or of waiting.
const LONGEST_LIFE_MS = 400

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** What a writer was told is kept, and the one change that it may have died in. */
interface Account {
  kept: string[]
  trying: { keyDID: string; removed: string } | undefined
}

it(`${WRITERS} processes on one file, ${KILLS} of them killed, lose nothing that was acknowledged`, async () => {
  const path = join(await temporaryFolder(), 'sessions.json')
  const accounts = new Map<string, Account>()
  const totals = { written: 0, killed: 0, inTheMiddle: 0 }
  const began = performance.now()

  const take = (line: string): void => {
    const [word, name = '', keyDID = '', removed = ''] = line.split(' ')
    const account: Account = accounts.get(name) ?? { kept: [], trying: undefined }
    accounts.set(name, account)
    if (word === 'trying') account.trying = { keyDID, removed }
    else {
      account.kept = changed(account.kept, { keyDID, removed: account.trying?.removed ?? '' })
      account.trying = undefined
      totals.written++
    }
  }

  const isEnough = (): boolean => totals.killed >= KILLS && totals.written >= WRITES
  /** One process after another, each killed at a random moment. */
  const writer = async (): Promise<void> => {
    while (!isEnough()) {
      const child = fork(script('file-store-writer.js'), [path], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      })
      const lines = createInterface(child.stdout as Readable).on('line', take)
      const closed = once(lines, 'close')
      const exited = once(child, 'exit')
      await Promise.race([once(lines, 'line'), exited])
      await Promise.race([after(Math.random() * LONGEST_LIFE_MS), exited])
      child.kill('SIGKILL')
      expect((await exited)[1]).toBe('SIGKILL')
      await closed
      totals.killed++
    }
  }

  const reader = fork(script('file-store-reader.js'), [path])
  await Promise.all(Array.from({ length: WRITERS }, writer))
  const seconds = (performance.now() - began) / 1000
  const report = await reportOf(reader)

  const sessions = (await fileStore(path).read('default')) as { account: string; keyDID: string }[]
  for (const [name, { kept, trying }] of accounts) {
    const found = sessions.filter(({ account }) => account === name).map(({ keyDID }) => keyDID)
    if (trying) totals.inTheMiddle++
    // Killed between writing and saying so: it may be there, and then all of it.
    const possible = [kept, ...(trying ? [changed(kept, trying)] : [])].map((keys) => [...keys].sort().join())
    expect(possible).toContain(found.sort().join())
  }
  expect(report.wrong).toEqual([])
  expect(report.most).toBeGreaterThan(KILLS / 2)
  expect((await stat(path)).mode & 0o777).toBe(0o600)

  // What the killed have left, the next writer clears away.
  const beside = async (): Promise<string[]> =>
    (await readdir(dirname(path))).filter((name) => name !== basename(path))
  const left = (await beside()).length
  await fileStore(path).write('other', { last: { at: 1 } })
  expect(await beside()).toEqual([])
  console.log(
    `${totals.written} writes acknowledged in ${seconds.toFixed(1)} s; ${totals.killed} processes killed, ${totals.inTheMiddle} of them while they wrote or waited; ${report.reads} reads meanwhile, all whole; ${left} files left beside, all cleared`,
  )
})

function changed(
  keys: readonly string[],
  { keyDID, removed }: { keyDID: string; removed: string },
): string[] {
  return [...keys.filter((key) => key !== removed), keyDID]
}

async function reportOf(reader: ChildProcess): Promise<{ reads: number; most: number; wrong: string[] }> {
  const answer = once(reader, 'message')
  reader.send('stop')
  const [report] = await answer
  return report
}
