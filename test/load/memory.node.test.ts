import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { integer } from '../setup/seed.js'

const SESSIONS = 10_000
const REQUESTS = integer('LOAD_REQUESTS', 200_000)
// By then, every session has been seen four times, and the first used requests have expired.
const WARM = 40_000
// The most by which the heap may grow after that. Hash tables grow in steps.
const TOLERANCE = 0.05

interface Stretch {
  readonly requests: number
  readonly accepted: number
  readonly heapUsed: number
  readonly rss: number
}
const inMB = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`

it(`memory stays flat over ${REQUESTS} requests of ${SESSIONS} sessions`, async () => {
  const script = fileURLToPath(new URL('memory.js', import.meta.url))
  const child = fork(script, [], {
    execArgv: ['--expose-gc'],
    env: { ...process.env, SESSIONS: String(SESSIONS), REQUESTS: String(REQUESTS) },
  })
  const stretches: Stretch[] = []
  child.on('message', (stretch: Stretch) => {
    stretches.push(stretch)
    const { requests, heapUsed, rss } = stretch
    console.log(`after ${requests} requests: heap ${inMB(heapUsed)}, process ${inMB(rss)}`)
  })
  const [exitCode] = await once(child, 'exit')
  expect(exitCode).toBe(0)
  expect(stretches.map(({ accepted }) => accepted)).toEqual(stretches.map(({ requests }) => requests))
  const [warm, ...later] = stretches.filter(({ requests }) => requests >= WARM)
  expect(later.at(-1)?.requests).toBe(REQUESTS)
  for (const { heapUsed } of later) expect(heapUsed).toBeLessThan((warm?.heapUsed ?? 0) * (1 + TOLERANCE))
})
