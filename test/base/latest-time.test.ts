import { expect, it } from 'vitest'
import { latestTime } from '../../src/base/environment.js'

it('returns the clock’s time while the clock goes forward', () => {
  let time = 100
  const latest = latestTime(() => time)
  expect(latest()).toBe(100)
  time = 250
  expect(latest()).toBe(250)
})

it('stays at the latest time after the clock went back', () => {
  let time = 250
  const latest = latestTime(() => time)
  expect(latest()).toBe(250)
  time = 100
  expect([latest(), latest()]).toEqual([250, 250])
  time = 251
  expect(latest()).toBe(251)
})

it('returns NaN while the clock does, and recovers with it', () => {
  let time = Number.NaN
  const latest = latestTime(() => time)
  expect(latest()).toBeNaN()
  time = 100
  expect(latest()).toBe(100)
  time = Number.NaN
  expect(latest()).toBeNaN()
  time = 50
  expect(latest()).toBe(100)
})
