import { expect, it } from 'vitest'
import { latestTime } from '../../src/base/environment.js'

it('is the clock’s time while that goes on', () => {
  let time = 100
  const latest = latestTime(() => time)
  expect(latest()).toBe(100)
  time = 250
  expect(latest()).toBe(250)
})

it('stays where the clock was before it went back', () => {
  let time = 250
  const latest = latestTime(() => time)
  expect(latest()).toBe(250)
  time = 100
  expect([latest(), latest()]).toEqual([250, 250])
  time = 251
  expect(latest()).toBe(251)
})

it('is no number while the clock shows none, and comes back with it', () => {
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
