import { describe, expect, it } from 'vitest'
import { memoryReplay } from '../../src/http/replay.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { expectCode, failureOf } from '../setup/expect-code.js'

const NOW = 1_700_000_000_000

describe('memoryReplay', () => {
  it('returns true for the first use of an id, and false for later ones', () => {
    const replay = memoryReplay({ now: () => NOW })
    expect(replay.use('a', NOW + 60_000)).toBe(true)
    expect(replay.use('a', NOW + 60_000)).toBe(false)
    // Only its id counts, not its expiry.
    expect(replay.use('a', NOW + 90_000)).toBe(false)
    expect(replay.use('b', NOW + 60_000)).toBe(true)
  })

  it('remembers an id until it expires, and forgets it soon after', () => {
    const clock = testClock(NOW)
    const replay = memoryReplay({ maxEntries: 1, now: clock.now })
    const expiresAt = NOW + 60_000
    replay.use('a', expiresAt)
    clock.set(expiresAt)
    expect(replay.use('a', expiresAt)).toBe(false)
    clock.advance(5)
    expect(replay.use('b', clock.now() + 60_000)).toBe(true)
  })

  it('accepts no id twice after its clock goes back, and none that it may have forgotten', () => {
    const clock = testClock(NOW)
    const replay = memoryReplay({ now: clock.now })
    expect(replay.use('a', NOW + 60_000)).toBe(true)
    clock.set(NOW + 120_000)
    expect(replay.use('b', NOW + 180_000)).toBe(true)
    clock.set(NOW)
    expect(replay.use('a', NOW + 60_000)).toBe(false)
    // Whether it was used is no longer known.
    expect(replay.use('c', NOW + 60_000)).toBe(false)
    expect(replay.use('c', NOW + 120_000)).toBe(false)
    expect(replay.use('c', NOW + 120_001)).toBe(true)
    expect(replay.use('b', NOW + 180_000)).toBe(false)
  })

  it('rejects with ERR_STORE_UNAVAILABLE while its clock is not a number', async () => {
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () =>
      memoryReplay({ now: () => Number.NaN }).use('a', NOW),
    )
    expect(message).toContain('clock')
  })

  it('rejects with ERR_STORE_UNAVAILABLE once maxEntries are stored', async () => {
    const replay = memoryReplay({ maxEntries: 3, now: () => NOW })
    for (const id of ['a', 'b', 'c']) expect(replay.use(id, NOW + 1000)).toBe(true)
    await expectCode('ERR_STORE_UNAVAILABLE', () => replay.use('d', NOW + 1000))
    expect(replay.use('a', NOW + 1000)).toBe(false)
  })

  it('refuses an expiry that is no finite number, which would never be forgotten', async () => {
    for (const end of [Number.NaN, Number.POSITIVE_INFINITY])
      await expectCode('ERR_STORE_UNAVAILABLE', () => memoryReplay().use('a', end))
  })

  it.each([0, -1, 1.5, Number.NaN, '10'])('throws a TypeError if maxEntries is %s', async (maxEntries) => {
    expect(await failureOf(() => memoryReplay({ maxEntries: maxEntries as number }))).toBeInstanceOf(
      TypeError,
    )
  })
})
