import type { SessionStore } from '../store/store.js'
import { LiveSession } from './live-session.js'
import type { SessionOptions } from './options.js'

/** Which session is meant: of this store, by options of this meaning. */
export interface Subject {
  readonly store: SessionStore
  readonly meaning: string
  /** The options as they were given last. */
  readonly latest: () => SessionOptions
}

// One for all components of the page that mean the same, for as long as one of them is there or the wallet is being asked.
const live = new WeakMap<SessionStore, Map<string, LiveSession>>()

/** The live session of the subject, if there is one. */
export function findLive({ store, meaning }: Subject): LiveSession | undefined {
  return live.get(store)?.get(meaning)
}

/** The live session of the subject, which all who ask share. */
export function liveSession(subject: Subject): LiveSession {
  const { store, meaning, latest } = subject
  const found = findLive(subject)
  if (found) return found
  const own = live.get(store) ?? new Map<string, LiveSession>()
  live.set(store, own)
  const made: LiveSession = new LiveSession(latest(), () => {
    if (own.get(meaning) === made) own.delete(meaning)
  })
  own.set(meaning, made)
  return made
}
