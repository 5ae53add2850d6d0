/**
 * The page's `localStorage`; `undefined` in workers, which have none, and in Node, whose own is not a page's. Throws where
 * the browser forbids access to it.
 */
export function pageStorage(): Storage | undefined {
  return typeof document === 'undefined' ? undefined : globalThis.localStorage
}
