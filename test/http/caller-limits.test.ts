import { describe, expect, it } from 'vitest'
import { LiveRequests } from '../../src/http/caller-limits.js'
import { NOW } from '../setup/request-signer.js'

describe('live requests', () => {
  it('are uncounted once: when they expire, or by their function', () => {
    const live = new LiveRequests(1)
    const uncount = live.reserve('a', NOW + 1000, NOW)
    expect(live.reserve('a', NOW + 1000, NOW)).toBeUndefined()
    const later = NOW + 3_600_000
    expect(live.reserve('a', later + 1000, later)).toBeDefined()
    uncount?.()
    expect(live.reserve('a', later + 1000, later)).toBeUndefined()

    const two = new LiveRequests(2)
    const one = two.reserve('a', NOW + 1000, NOW)
    expect(two.reserve('a', NOW + 1000, NOW)).toBeDefined()
    expect(two.reserve('a', NOW + 1000, NOW)).toBeUndefined()
    one?.()
    expect(two.reserve('a', later + 1000, NOW)).toBeDefined()
    // The other of the first two has expired by now, and only that one.
    expect(two.reserve('a', later + 1000, later)).toBeDefined()
    expect(two.reserve('a', later + 1000, later)).toBeUndefined()
  })
})
