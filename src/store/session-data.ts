import { type Cacao, issuerAccount } from '../capability/cacao.js'
import type { SessionKey } from '../key/session-key.js'
import type { Persistence, SessionRecord } from './store.js'

/** What a session consists of: the key, the capability that was granted to it, and where both are stored. */
export interface SessionData {
  readonly key: SessionKey
  readonly cacao: Cacao
  readonly persistence: Persistence
  /** Writes the session to a string. Absent for a key that can't be exported. */
  readonly serialize?: () => string
}

/** A stored session, and the store that has it. */
export interface LocatedRecord extends SessionRecord {
  readonly persistence: Persistence
}

/** The session as a record, without its key. */
export function recordOf({ key, cacao, persistence }: SessionData): LocatedRecord {
  return { account: issuerAccount(cacao), keyDID: key.did, cacao, persistence }
}
