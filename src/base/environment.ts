// Called when a function needs to know, never on import: a server that renders pages has none of these globals.

/**
 * Whether this code runs in one person's browser: in a page, or in a web worker. The workers of Cloudflare and Deno have the
 * same globals, but serve everybody.
 */
export function isBrowser(): boolean {
  return typeof document !== 'undefined' || isWebWorker()
}

/**
 * Whether there is storage of one person's own, in which sessions are kept by default. A browser that refuses IndexedDB
 * still has the global, so the answer is true there.
 */
export function hasOwnStorage(): boolean {
  return 'indexedDB' in globalThis || isBrowser()
}

function isWebWorker(): boolean {
  const scope = globalThis as typeof globalThis & {
    WorkerGlobalScope?: new () => object
    location?: unknown
    Deno?: unknown
  }
  const { WorkerGlobalScope, Deno, location, navigator } = scope
  if (typeof WorkerGlobalScope !== 'function' || !(globalThis instanceof WorkerGlobalScope)) return false
  return location !== undefined && Deno === undefined && navigator?.userAgent !== 'Cloudflare-Workers'
}

/**
 * The page's `localStorage`; `undefined` in workers, which have none, and in Node, whose own is not a page's. Throws where
 * the browser forbids access to it.
 */
export function pageStorage(): Storage | undefined {
  return typeof document === 'undefined' ? undefined : globalThis.localStorage
}
