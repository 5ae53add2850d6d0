import type { Clock } from './time.js'
/**
 * Calls back whenever this page may have slept: it is seen again, comes back from the back/forward cache, or was thawed.
 * Where there is no page, never.
 */
export function onPageResume(callback: () => void): () => void {
  const { document } = globalThis
  if (typeof document === 'undefined') return () => undefined
  const seen = (): void => {
    if (document.visibilityState === 'visible') callback()
  }
  document.addEventListener('visibilitychange', seen)
  document.addEventListener('resume', callback)
  globalThis.addEventListener('pageshow', callback)
  return () => {
    document.removeEventListener('visibilitychange', seen)
    document.removeEventListener('resume', callback)
    globalThis.removeEventListener('pageshow', callback)
  }
}

// Timers stand still while a machine sleeps, are held back in hidden tabs, and overflow beyond 24.8 days: so none is set
// for longer than this, and what decides is the clock.
const LONGEST_STEP_MS = 30_000

/**
 * Calls back once, as soon as the clock has reached the time (milliseconds since 1970), never before and never at once;
 * after a sleep, as soon as the page is seen again. Keeps no process alive. The function that it gives ends it.
 */
export function scheduleAt(now: Clock, time: number, callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    clearTimeout(timer)
    stopListening()
  }
  const look = (): void => {
    clearTimeout(timer)
    if (now() >= time) {
      stop()
      callback()
    } else wait()
  }
  const wait = (): void => {
    timer = setTimeout(look, Math.min(Math.max(time - now(), 0), LONGEST_STEP_MS))
    unref(timer)
  }
  const stopListening = onPageResume(look)
  wait()
  return stop
}

/** Lets the process end though the timer is still set. */
export function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref()
  else (globalThis as { Deno?: { unrefTimer?(id: unknown): void } }).Deno?.unrefTimer?.(timer)
}
