import { onTestFinished, vi } from 'vitest'

/**
 * Makes timers of exactly this many milliseconds fire at once, until the test ends or the returned function is called, and
 * counts them: so a test need not wait for something that hangs, and slow work still gets all its time.
 */
export function shortWaits(ms: number): { readonly count: number; stop(): void } {
  let count = 0
  const { setTimeout } = globalThis
  const spy = vi.spyOn(globalThis, 'setTimeout')
  spy.mockImplementation(((work: () => void, delay?: number, ...args: []) => {
    if (delay !== ms) return setTimeout(work, delay, ...args)
    count++
    return setTimeout(work, 20, ...args)
  }) as typeof setTimeout)
  const stop = (): void => spy.mockRestore()
  onTestFinished(stop)
  return {
    get count() {
      return count
    },
    stop,
  }
}
