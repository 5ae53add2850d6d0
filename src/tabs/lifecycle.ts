import type { HeldSession } from '../store/session-data.js'
/** The did:keys that were signed out while they were at hand, here or in another tab: they sign no more. */
export const removedKeys: Set<string> = new Set<string>()

/** What became of a session's key while the session was at hand. */
export type Fate =
  | { readonly type: 'removed' }
  /** Another session has taken its place: that one's key, and itself where no store keeps it. */
  | { readonly type: 'renewed'; readonly keyDID: string; readonly held?: HeldSession }

const watchers = new Map<string, Set<(fate: Fate) => void>>()

/** Tells whoever holds a session of this key what became of it. */
export function settle(keyDID: string, fate: Fate): void {
  if (fate.type === 'removed') removedKeys.add(keyDID)
  for (const watcher of [...(watchers.get(keyDID) ?? [])]) watcher(fate)
}

/** Calls back when something becomes of the key, until the function that it gives is called. */
export function onFate(keyDID: string, watcher: (fate: Fate) => void): () => void {
  const own = watchers.get(keyDID) ?? new Set()
  watchers.set(keyDID, own.add(watcher))
  return () => {
    own.delete(watcher)
    if (own.size === 0) watchers.delete(keyDID)
  }
}
