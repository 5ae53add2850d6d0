import { expect, it } from 'vitest'
import { SingleFlight } from '../../src/base/concurrency.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { failureOf } from '../setup/expect-code.js'

const NOW = 1_700_000_000_000
const options = { failuresMs: 1000, mostFailures: 3 }
const failing = async (): Promise<never> => {
  throw new Error('down')
}

it('runs work with the same id once at a time, and again afterwards', async () => {
  const work = new SingleFlight<number>({ ...options, now: () => NOW })
  let count = 0
  const one = async (): Promise<number> => {
    count++
    return count
  }
  expect(await Promise.all(Array.from({ length: 50 }, () => work.run('a', one)))).toEqual(Array(50).fill(1))
  expect(await Promise.all([work.run('a', one), work.run('b', one)])).toEqual([2, 3])
})

it('shares a failure with all waiting callers, and for a second afterwards', async () => {
  const clock = testClock(NOW)
  const work = new SingleFlight<string>({ ...options, now: clock.now })
  const failures = await Promise.all(
    Array.from({ length: 50 }, () => failureOf(() => work.run('a', failing))),
  )
  expect(new Set(failures).size).toBe(1)
  const never = async (): Promise<string> => 'worked'
  clock.advance(0.999)
  expect(await failureOf(() => work.run('a', never))).toBe(failures[0])
  expect(await work.run('b', never)).toBe('worked')
  clock.advance(0.001)
  expect(await work.run('a', never)).toBe('worked')
})

it('forgets failures after its clock went back', async () => {
  const clock = testClock(NOW)
  const work = new SingleFlight<string>({ ...options, now: clock.now })
  await failureOf(() => work.run('a', failing))
  clock.set(NOW - 1)
  expect(await work.run('a', async () => 'worked')).toBe('worked')
})

it('remembers only the last failures, up to its limit', async () => {
  const work = new SingleFlight<string>({ ...options, now: () => NOW })
  for (const id of ['a', 'b', 'c', 'd']) await failureOf(() => work.run(id, failing))
  expect(await work.run('a', async () => 'worked')).toBe('worked')
  for (const id of ['b', 'c', 'd'])
    expect(await failureOf(() => work.run(id, async () => 'worked'))).toBeInstanceOf(Error)
})
