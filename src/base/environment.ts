// Looked at when something is asked for, never on import: a server that renders pages has none of these.

/**
 * Whether this runs in the browser of one person: in a page, or in a worker of one. Cloudflare's and Deno's workers call
 * themselves the same, and serve everybody.
 */
export function isBrowser(): boolean {
  return typeof document !== 'undefined' || isWorkerOfBrowser()
}

/**
 * Whether there is a place of one person's own to keep sessions in by default. Browsers that refuse IndexedDB still have the
 * name of it.
 */
export function hasOwnStorage(): boolean {
  return 'indexedDB' in globalThis || isBrowser()
}

function isWorkerOfBrowser(): boolean {
  const scope = globalThis as typeof globalThis & {
    WorkerGlobalScope?: new () => object
    location?: unknown
    Deno?: unknown
  }
  const { WorkerGlobalScope, Deno, location, navigator } = scope
  if (typeof WorkerGlobalScope !== 'function' || !(globalThis instanceof WorkerGlobalScope)) return false
  return location !== undefined && Deno === undefined && navigator?.userAgent !== 'Cloudflare-Workers'
}

/** The page's `localStorage`; throws where the browser forbids it. Workers have none, and Node's, where it has one, is no page's. */
export function pageStorage(): Storage | undefined {
  return typeof document === 'undefined' ? undefined : globalThis.localStorage
}
