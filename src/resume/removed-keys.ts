// Two sessions of one page may have the same key: signing one of them out ends the other, so this goes by the did:key.
const removed = new Set<string>()

/** Whether the key was signed out while it was in use, in this tab or another: it signs no more. */
export function isRemoved(keyDID: string): boolean {
  return removed.has(keyDID)
}

/** Keeps the key from signing, at once. */
export function markRemoved(keyDID: string): void {
  removed.add(keyDID)
}
