/** What the promise gives, unless the signal is aborted first: then rejects with the signal's reason. */
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

/** Starts something, unless a signal is aborted already, and calls what that gives once one is. */
export function until(signals: readonly AbortSignal[], start: () => () => void): void {
  if (signals.some(({ aborted }) => aborted)) return
  const end = start()
  const over = new AbortController()
  const stop = (): void => {
    over.abort()
    end()
  }
  for (const signal of signals) signal.addEventListener('abort', stop, { once: true, signal: over.signal })
}
