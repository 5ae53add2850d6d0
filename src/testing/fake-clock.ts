import { type Clock, systemClock } from '../base/environment.js'

/** A clock for tests that stands still until the test moves it. */
export interface TestClock {
  /** The clock to pass to `now` options: milliseconds since 1970. */
  readonly now: Clock
  /** Moves the clock forward by this many seconds. */
  advance(secs: number): void
  /** Sets the time, in milliseconds since 1970 or as a date. The time may be earlier than before. */
  set(time: number | Date): void
}

/**
 * Returns a clock for tests that stands still until the test moves it. It starts at the current time, or at `start`
 * (milliseconds since 1970, or a date). Pass its `now` to everything that takes a clock: sessions, verifiers, a
 * `testServer`. Throws a `TypeError` for an invalid time.
 *
 * In a page, and in jsdom, moving the clock emits the event `resume` of the document, as when a computer wakes up
 * from sleep. The library then emits the events that are due (`expiring`, `expired`, `idle`) before `advance` returns.
 * Elsewhere the library reads the clock every 30 seconds, with timers of the runtime: use fake timers and advance
 * them by 30 seconds.
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
    // On this event the library's timers read the clock again, because the page may have slept.
    globalThis.document?.dispatchEvent(new Event('resume'))
  }
  return {
    now: () => time,
    advance(secs) {
      if (!(Number.isFinite(secs) && secs >= 0))
        throw new TypeError('secs must be a finite number that is not negative')
      set(time + secs * 1000)
    },
    set,
  }
}

function milliseconds(time: number | Date): number {
  const value = Number(time)
  if (Number.isFinite(value)) return value
  throw new TypeError('the time must be a valid Date, or a number of milliseconds since 1970')
}
