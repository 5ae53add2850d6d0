/** Settles as the promise does; if the signal is aborted first, rejects with the signal's reason. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  let aborted = (): void => undefined
  const abortion = new Promise<never>((_, reject) => {
    aborted = () => reject(signal.reason)
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
  })
  try {
    return await Promise.race([abortion, promise])
  } finally {
    signal.removeEventListener('abort', aborted)
  }
}

/**
 * Calls `start`, unless one of the signals is already aborted, and calls the function that it returns once one of them is
 * aborted.
 */
export function until(signals: readonly AbortSignal[], start: () => () => void): void {
  if (signals.some(({ aborted }) => aborted)) return
  const stop = start()
  const listeners = new AbortController()
  const onAbort = (): void => {
    listeners.abort()
    stop()
  }
  for (const signal of signals)
    signal.addEventListener('abort', onAbort, { once: true, signal: listeners.signal })
}
