import { changed, type KeptSession, type KeptSessions, NONE } from './kept-sessions.js'
import type { Persistence, SessionRecord, SessionStore } from './store.js'
import { storeError } from './store-error.js'

/** Where a namespace's sessions are read and written as a whole. */
export interface KeptPlace {
  readonly persistence: Persistence
  readonly writableByOthers?: boolean
  load(namespace: string): Promise<KeptSessions>
  /** Puts in place what `change` makes of the sessions that are there. Nobody else may write meanwhile. */
  update(namespace: string, change: (kept: KeptSessions) => KeptSessions): Promise<void>
}

/** A store of sessions with seeds. What goes wrong in the place rejects with `ERR_STORE_…`. */
export function seedStore({ persistence, writableByOthers, load, update }: KeptPlace): SessionStore {
  const sessions = (namespace: string): Promise<KeptSessions> =>
    load(namespace).catch((cause: unknown) => {
      throw storeError(cause)
    })
  return {
    persistence,
    keeps: 'seeds',
    ...(writableByOthers && { writableByOthers }),
    async read(namespace, account) {
      const kept = (await sessions(namespace)).sessions
      return kept.filter((session) => (account ?? session.account) === session.account).map(withoutSeed)
    },
    async readKey(namespace, { account, keyDID }) {
      const kept = (await sessions(namespace)).sessions
      return kept.find((session) => session.account === account && session.keyDID === keyDID)?.seed
    },
    readLast: async (namespace) => (await sessions(namespace)).last,
    async write(namespace, change) {
      // A wrong argument is found out before anything is touched.
      changed(NONE, change)
      await update(namespace, (kept) => changed(kept, change)).catch((cause: unknown) => {
        throw storeError(cause)
      })
    },
  }
}

// Whoever asks who is signed in is not handed the keys.
function withoutSeed({ account, keyDID, cacao }: KeptSession): SessionRecord {
  return { account, keyDID, cacao }
}
