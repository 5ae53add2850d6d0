import { onTestFinished, vi } from 'vitest'

/**
 * Has waits of exactly so many milliseconds pass in a moment, until the test ends or it is told to stop, and counts them: what hangs
 * needn't be waited for, and what is only slow is given all the time that it may have.
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
