import type { SessionData } from '../store/session-data.js'

/** How the life of a session's key ended. */
export type SessionEnd =
  /** It was signed out, in this tab or another. */
  | { readonly type: 'removed' }
  /** Another session has taken its place: that one's key, and the session itself if no store has it. */
  | { readonly type: 'renewed'; readonly keyDID: string; readonly session?: SessionData }

// Two sessions of one page may have the same key: what ends one of them ends the other, so these go by the did:key.
const removed = new Set<string>()
const listeners = new Map<string, Set<(end: SessionEnd) => void>>()

/** Whether the key was signed out while it was in use, in this tab or another: it signs no more. */
export function isRemoved(keyDID: string): boolean {
  return removed.has(keyDID)
}

/** Keeps the key from signing, at once. */
export function markRemoved(keyDID: string): void {
  removed.add(keyDID)
}

/** Tells the sessions that have this key that it has ended. */
export function endSession(keyDID: string, end: SessionEnd): void {
  if (end.type === 'removed') markRemoved(keyDID)
  for (const listener of [...(listeners.get(keyDID) ?? [])]) listener(end)
}

/** Calls back when the key ends, until the function that it gives is called. */
export function onSessionEnd(keyDID: string, listener: (end: SessionEnd) => void): () => void {
  const own = listeners.get(keyDID) ?? new Set()
  listeners.set(keyDID, own.add(listener))
  return () => {
    own.delete(listener)
    if (own.size === 0) listeners.delete(keyDID)
  }
}
