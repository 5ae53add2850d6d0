/** Settles as the promise does, unless the signal is aborted first: then it rejects with the signal's reason. */
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

/** Does the work, unless the signal is already aborted. If it aborts later, rejects with its reason, as `abortable` does. */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  signal?.throwIfAborted()
  return abortable(work(), signal)
}
