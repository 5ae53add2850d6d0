import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { expect, it } from 'vitest'
import { fileStore } from '../../src/node/file-store.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { integer } from '../setup/seed.js'

const WRITERS = 10
const KILLS = integer('LOAD_KILLS', 220)
const WRITES = integer('LOAD_WRITES', 1000)
// A writer is killed within this time (ms) after its first line, so in the middle of any step, of its own or of waiting.
const LONGEST_LIFE_MS = 1200

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** An account's sessions according to the writers, and the one change during which the last writer may have been killed. */
class Ledger {
  /** The keys that may be stored: as before that change, or after it. */
  #possible: string[][] = [[]]
  #trying: string[] = []
  written = 0
  killedInTheMiddle = 0

  take(line: string): void {
    const [word, ...keys] = line.split(' ')
    const [now = []] = this.#possible
    if (word === 'found') this.assertFound(keys)
    else if (word === 'trying') {
      const [added = '', ...removed] = keys
      this.#trying = [...now.filter((key) => !removed.includes(key)), added]
      this.#possible = [now, this.#trying]
    } else {
      this.#possible = [this.#trying]
      this.written++
    }
  }

  /** A writer killed between the write and its report has written all of it, or nothing. */
  assertFound(found: string[]): void {
    if (this.#possible.length > 1) this.killedInTheMiddle++
    const inOrder = (keys: readonly string[]): string => [...keys].sort().join(' ')
    expect(this.#possible.map(inOrder)).toContain(inOrder(found))
    this.#possible = [found]
  }
}

it(`${WRITERS} processes that write one file, ${KILLS} of them killed, lose no acknowledged write`, async () => {
  const path = join(await temporaryFolder(), 'sessions.json')
  const began = performance.now()
  const totals = { written: 0, killed: 0 }
  const isEnough = (): boolean => totals.killed >= KILLS && totals.written >= WRITES

  /** One process after another for one account, each killed at a random time. */
  const writer = async (): Promise<{ account: string; ledger: Ledger }> => {
    const key = generatePrivateKey()
    const account = `eip155:1:${privateKeyToAddress(key).toLowerCase()}`
    const ledger = new Ledger()
    while (!isEnough()) {
      const written = ledger.written
      const child = fork(script('file-store-writer.js'), [path, key.slice(2), account], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      })
      const lines: string[] = []
      const output = createInterface(child.stdout as Readable).on('line', (line) => lines.push(line))
      const closed = once(output, 'close')
      const exited = once(child, 'exit')
      await Promise.race([once(output, 'line'), exited])
      await Promise.race([after(Math.random() * LONGEST_LIFE_MS), exited])
      child.kill('SIGKILL')
      expect((await exited)[1]).toBe('SIGKILL')
      await closed
      for (const line of lines) ledger.take(line)
      totals.killed++
      totals.written += ledger.written - written
    }
    return { account, ledger }
  }

  const reader = fork(script('file-store-reader.js'), [path])
  const accounts = await Promise.all(Array.from({ length: WRITERS }, writer))
  const seconds = (performance.now() - began) / 1000
  const report = await reportOf(reader)

  const store = fileStore(path)
  for (const { account, ledger } of accounts) {
    const sessions = (await store.read('default', account)) as { keyDID: string }[]
    ledger.assertFound(sessions.map(({ keyDID }) => keyDID))
  }
  expect(report.wrong).toEqual([])
  expect(report.most).toBeGreaterThanOrEqual(WRITERS)
  expect((await stat(path)).mode & 0o777).toBe(0o600)

  // Files left by killed processes are deleted by the next process that writes.
  const beside = async (): Promise<string[]> =>
    (await readdir(dirname(path))).filter((name) => name !== basename(path))
  const left = (await beside()).length
  await store.write('other', { last: { at: 1 } })
  expect(await beside()).toEqual([])
  const inTheMiddle = accounts.reduce((sum, { ledger }) => sum + ledger.killedInTheMiddle, 0)
  expect(inTheMiddle).toBeGreaterThan(0)
  console.log(
    `${totals.written} writes acknowledged in ${seconds.toFixed(1)} s; ${totals.killed} processes killed, ${inTheMiddle} of them between their attempt and its acknowledgement; ${report.reads} reads meanwhile, all whole; ${left} files left beside, all cleared`,
  )
})

async function reportOf(reader: ChildProcess): Promise<{ reads: number; most: number; wrong: string[] }> {
  const answer = once(reader, 'message')
  reader.send('stop')
  const [report] = await answer
  return report
}
