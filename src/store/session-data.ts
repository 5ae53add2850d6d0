import type { Cacao } from '../capability/cacao.js'
import type { SessionKey } from '../key/session-key.js'
import type { Persistence } from './store.js'
/** A session at hand: the key, what was granted to it, and where both are kept. */
export interface HeldSession {
  readonly key: SessionKey
  readonly cacao: Cacao
  readonly persistence: Persistence
  /** Writes the session to a string. Absent for a key that can't be exported. */
  readonly serialize?: () => string
}
