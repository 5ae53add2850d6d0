import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DIDSession, type SessionEventType } from '../../src/index.js'
import { memoryStore } from '../../src/stores.js'
import { type TestClock, testClock, testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'

const resources = ['https://api.example.com/notes/*']
const wallet = testWallet()
const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })
const HOUR = 3600

let clock: TestClock
let session: DIDSession
beforeEach(async () => {
  clock = testClock()
  const options = { resources, store: memoryStore(), now: clock.now, expiresInSecs: 2 * HOUR }
  session = await DIDSession.get(wallet.account, auth, options)
})

describe('a clock for tests', () => {
  it('stands still until it is moved, in both directions', async () => {
    expect(session.expiresInSecs).toBe(2 * HOUR)
    clock.advance(2 * HOUR - 1)
    expect([session.expiresInSecs, session.isExpired]).toEqual([1, false])
    clock.advance(1)
    expect(session.isExpired).toBe(true)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => session.sign(new Uint8Array(1)))
    clock.set(clock.now() - HOUR * 1000)
    expect(session.expiresInSecs).toBe(HOUR)
    await session.sign(new Uint8Array(1))
  })

  it('starts at the given time', () => {
    const date = new Date('2026-01-31T12:00:00Z')
    expect(testClock(date).now()).toBe(date.getTime())
    expect(Math.abs(testClock().now() - Date.now())).toBeLessThan(5000)
  })

  it.each([() => clock.advance(-1), () => clock.advance(Number.NaN), () => clock.set(new Date('soon'))])(
    'throws a TypeError for an invalid time: %s',
    (move) => {
      expect(move).toThrow(TypeError)
    },
  )
})

describe('a session with a clock for tests', () => {
  /** Listens to all events, and returns the list of the types that were emitted. */
  async function hear(): Promise<SessionEventType[]> {
    const heard: SessionEventType[] = []
    for (const type of ['expiring', 'expired'] as const) session.on(type, (event) => heard.push(event.type))
    // The code that emits events is loaded on demand.
    await import('../../src/tabs/index.js')
    await Promise.resolve()
    return heard
  }
  afterEach(() => {
    session.dispose()
    vi.useRealTimers()
  })

  it.runIf(typeof document !== 'undefined')('emits its expiry at once in a page', async () => {
    const heard = await hear()
    clock.advance(2 * HOUR - 301)
    expect(heard).toEqual([])
    clock.advance(1)
    expect(heard).toEqual(['expiring'])
    clock.advance(300)
    expect(heard).toEqual(['expiring', 'expired'])
  })

  it('emits its expiry within 30 seconds of timers, outside of pages too', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const heard = await hear()
    clock.advance(2 * HOUR - 301)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(heard).toEqual([])
    clock.advance(1)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(heard).toEqual(['expiring'])
    clock.advance(300)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(heard).toEqual(['expiring', 'expired'])
  })
})
