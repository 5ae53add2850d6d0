import type { Clock } from './environment.js'

// Timers stop while a machine sleeps, are delayed in hidden tabs, and overflow after 24.8 days. So no timer runs longer
// than this, and after each timer the clock decides whether the time has come.
const LONGEST_TIMER_STEP_MS = 30_000

/**
 * Calls `callback` once when the clock reaches `time` (milliseconds since 1970), never synchronously. If the machine is
 * asleep at that time, calls it when the page is resumed. Does not keep a Node process running. Returns a function that
 * cancels the call.
 */
export function scheduleAt(now: Clock, time: number, callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const cancel = (): void => {
    clearTimeout(timer)
    stopListening()
  }
  const checkTime = (): void => {
    clearTimeout(timer)
    if (now() >= time) {
      cancel()
      callback()
    } else wait()
  }
  const wait = (): void => {
    // `|| 0`, because a clock that returns NaN must not make the timer fire without pause.
    timer = setTimeout(checkTime, Math.min(Math.max(time - (now() || 0), 0), LONGEST_TIMER_STEP_MS))
    unref(timer)
  }
  const stopListening = onPageResume(checkTime)
  wait()
  return cancel
}

/**
 * Calls `callback` whenever the page may have been suspended before: when it becomes visible, is restored from the
 * back/forward cache, or is unfrozen (Page Lifecycle). Never calls it outside of a page. Returns a function that
 * removes the listeners.
 */
export function onPageResume(callback: () => void): () => void {
  const { document } = globalThis
  if (typeof document === 'undefined') return () => undefined
  const onVisibilityChange = (): void => {
    if (document.visibilityState === 'visible') callback()
  }
  document.addEventListener('visibilitychange', onVisibilityChange)
  document.addEventListener('resume', callback)
  globalThis.addEventListener('pageshow', callback)
  return () => {
    document.removeEventListener('visibilitychange', onVisibilityChange)
    document.removeEventListener('resume', callback)
    globalThis.removeEventListener('pageshow', callback)
  }
}

/** Lets a Node or Deno process end while this timer, or another resource with `unref`, is still active. */
export function unref(timer: unknown): void {
  const resource = timer as { unref?(): void } | null | undefined
  if (resource?.unref) resource.unref()
  else (globalThis as { Deno?: { unrefTimer?(id: unknown): void } }).Deno?.unrefTimer?.(timer)
}

/**
 * Calls `start`, unless one of the signals is already aborted. When one of the signals is aborted later, calls the
 * function that `start` returned, once.
 */
export function until(given: readonly (AbortSignal | undefined)[], start: () => () => void): void {
  const signals = given.filter((signal) => signal !== undefined)
  if (signals.some(({ aborted }) => aborted)) return
  const stop = start()
  const onAbort = (): void => {
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
    stop()
  }
  for (const signal of signals) signal.addEventListener('abort', onAbort)
}
