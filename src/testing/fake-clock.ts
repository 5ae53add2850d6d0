import { type Clock, systemClock } from '../base/time.js'
/** A clock that stands still until a test moves it. For tests only. */
export interface TestClock {
  /** What is handed to the `now` options of the library. Milliseconds since 1970. */
  readonly now: Clock
  /** Lets so many seconds pass. */
  advance(secs: number): void
  /** Sets the time, also back: milliseconds since 1970, or a date. */
  set(time: number | Date): void
}

/**
 * A clock for tests, which stands still until it is moved; it begins now, or at `start`. Hand `now` to whatever takes
 * one: sessions, verifiers, a `testServer`.
 *
 * In a page (also jsdom's), moving it wakes the library as the end of a machine's sleep does (the event `resume`, on the
 * document): `expiring`, `expired` and `idle` that are due come before `advance` returns. Where there is no page, the
 * library looks at the clock every 30 seconds, by timers of the runtime: fake those, and let 30 seconds pass.
 *
 * @example
 * const clock = testClock()
 * const session = await DIDSession.get(account, auth, { resources, now: clock.now })
 * clock.advance(7 * 24 * 3600)
 * expect(session.isExpired).toBe(true)
 *
 * @example
 * vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) // in Node, for events; jest and node:test have the same
 * session.on('expired', showLogin)
 * clock.advance(7 * 24 * 3600)
 * await vi.advanceTimersByTimeAsync(30_000)
 */
export function testClock(start: number | Date = systemClock()): TestClock {
  let time = milliseconds(start)
  const set = (to: number | Date): void => {
    time = milliseconds(to)
    // Alarms look at their clock when the page may have slept; elsewhere their timers do, in time.
    globalThis.document?.dispatchEvent(new Event('resume'))
  }
  return {
    now: () => time,
    advance(secs) {
      if (!(Number.isFinite(secs) && secs >= 0))
        throw new TypeError('secs must be a number, and not negative')
      set(time + secs * 1000)
    },
    set,
  }
}

function milliseconds(time: number | Date): number {
  const value = Number(time)
  if (Number.isFinite(value)) return value
  throw new TypeError('a time must be a valid Date, or milliseconds since 1970')
}
