import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { scheduleAt } from '../../src/base/schedule.js'

const SECOND = 1000
const HOUR = 3600 * SECOND
const DAY = 24 * HOUR

describe('an alarm', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('rings at its time, not before, and once', () => {
    const rings = vi.fn()
    scheduleAt(Date.now, Date.now() + 90 * SECOND, rings)
    vi.advanceTimersByTime(90 * SECOND - 1)
    expect(rings).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(rings).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(DAY)
    expect(rings).toHaveBeenCalledTimes(1)
  })

  it('sixty days ahead does not ring early, although timers overflow after 24.8 days', () => {
    const rings = vi.fn()
    scheduleAt(Date.now, Date.now() + 60 * DAY, rings)
    vi.advanceTimersByTime(60 * DAY - SECOND)
    expect(rings).not.toHaveBeenCalled()
    vi.advanceTimersByTime(SECOND)
    expect(rings).toHaveBeenCalledTimes(1)
  })

  it('rings soon after a sleep in which timers stood still', () => {
    const rings = vi.fn()
    scheduleAt(Date.now, Date.now() + HOUR, rings)
    vi.setSystemTime(Date.now() + 2 * HOUR)
    expect(rings).not.toHaveBeenCalled()
    vi.advanceTimersByTime(30 * SECOND)
    expect(rings).toHaveBeenCalledTimes(1)
  })

  it('keeps waiting if the clock was set back', () => {
    const rings = vi.fn()
    scheduleAt(Date.now, Date.now() + HOUR, rings)
    vi.advanceTimersByTime(HOUR / 2)
    vi.setSystemTime(Date.now() - HOUR / 4)
    vi.advanceTimersByTime(HOUR / 2)
    expect(rings).not.toHaveBeenCalled()
    vi.advanceTimersByTime(HOUR / 4)
    expect(rings).toHaveBeenCalledTimes(1)
  })

  it('with a past time rings soon, but after the call has returned', () => {
    const rings = vi.fn()
    scheduleAt(Date.now, Date.now() - HOUR, rings)
    expect(rings).not.toHaveBeenCalled()
    vi.advanceTimersByTime(0)
    expect(rings).toHaveBeenCalledTimes(1)
  })

  it('with an infinite time never rings', () => {
    const rings = vi.fn()
    const stop = scheduleAt(Date.now, Number.POSITIVE_INFINITY, rings)
    vi.advanceTimersByTime(60 * DAY)
    expect(rings).not.toHaveBeenCalled()
    stop()
  })

  it('reads a clock that returns NaN every 30 seconds, and rings once it returns the time', () => {
    const [rings, now] = [vi.fn(), vi.fn(() => Number.NaN)]
    scheduleAt(now, Date.now() + HOUR, rings)
    now.mockClear()
    vi.advanceTimersByTime(HOUR)
    expect(now.mock.calls.length).toBeLessThanOrEqual(2 * (HOUR / (30 * SECOND)))
    expect(rings).not.toHaveBeenCalled()
    now.mockImplementation(Date.now)
    vi.advanceTimersByTime(30 * SECOND)
    expect(rings).toHaveBeenCalledTimes(1)
  })

  it('that was stopped never rings', () => {
    const rings = vi.fn()
    const stop = scheduleAt(Date.now, Date.now() + HOUR, rings)
    vi.advanceTimersByTime(HOUR / 2)
    stop()
    vi.advanceTimersByTime(DAY)
    expect(rings).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it.runIf(typeof document !== 'undefined').each([
    ['seen again', () => document.dispatchEvent(new Event('visibilitychange'))],
    ['thawed', () => document.dispatchEvent(new Event('resume'))],
    ['back from the cache', () => window.dispatchEvent(new Event('pageshow'))],
  ])('that is due rings as soon as the page is %s', (_, happens) => {
    const rings = vi.fn()
    scheduleAt(Date.now, Date.now() + HOUR, rings)
    happens()
    expect(rings).not.toHaveBeenCalled()
    vi.setSystemTime(Date.now() + HOUR)
    happens()
    expect(rings).toHaveBeenCalledTimes(1)
  })
})

it('an alarm rings by the real clock, not before its time', async () => {
  const time = Date.now() + 150
  const rang = await new Promise<number>((resolve) => scheduleAt(Date.now, time, () => resolve(Date.now())))
  expect(rang).toBeGreaterThanOrEqual(time)
})
