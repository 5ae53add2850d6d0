/** Settles as the promise does, unless the signal is aborted first: then it rejects with the signal's reason. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(abortReason(signal))
    if (signal.aborted) aborted()
    signal.addEventListener('abort', aborted)
    promise.finally(() => signal.removeEventListener('abort', aborted)).then(resolve, reject)
  })
}

/** Does the work, unless the signal is already aborted. If it aborts later, rejects with its reason, as `abortable` does. */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  throwIfAborted(signal)
  return abortable(work(), signal)
}

/** Throws the signal's reason if it is aborted. The signals of React Native lack the method of this name. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortReason(signal)
}

/** The reason of an aborted signal. The signals of React Native have none. */
export function abortReason({ reason }: AbortSignal): unknown {
  return reason ?? Object.assign(Error('aborted'), { name: 'AbortError' })
}
