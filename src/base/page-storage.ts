/** The page's `localStorage`; throws where the browser forbids it. Workers have none, and Node's, where it has one, is no page's. */
export function pageStorage(): Storage | undefined {
  return typeof document === 'undefined' ? undefined : globalThis.localStorage
}
