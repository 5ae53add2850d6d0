/**
 * Calls back whenever this page may have slept: it is seen again, comes back from the back/forward cache, or was thawed.
 * Where there is no page, never.
 */
export function onWake(callback: () => void): () => void {
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
