import { accountDID } from '../base/account.js'
import { validityAt } from '../capability/validity.js'
import type { Persistence } from '../store/store.js'
import { storeError } from '../store/store-error.js'
import { inherit } from './inherit.js'
import type { Place } from './place.js'
import { expiresAt, parseRecord, readStores } from './stored-sessions.js'

/** One stored session, for a list of accounts to choose from. */
export interface SessionSummary {
  /** CAIP-10 id, or a did:key. */
  readonly account: string
  /** The account's DID. */
  readonly id: string
  readonly keyDID: string
  readonly resources: readonly string[]
  readonly expiresAt: Date | undefined
  readonly isExpired: boolean
  readonly persistence: Persistence
}

/** Every stored session, those that did-session 4 left included. */
export async function listSessions(place: Place): Promise<SessionSummary[]> {
  await inherit(place, undefined, undefined)
  const { found, failures } = await readStores(place.stores, place.namespace)
  if (place.isChosen && failures.length > 0) throw storeError(failures[0])
  return found.flatMap(({ record, store }) => {
    const parsed = parseRecord(record)
    if (!parsed) return []
    const { account, keyDID, cacao } = parsed
    return {
      account,
      id: accountDID(account),
      keyDID,
      resources: cacao.p.resources ?? [],
      expiresAt: expiresAt(cacao),
      isExpired: validityAt(cacao, place.now()) === 'expired',
      persistence: store.persistence,
    }
  })
}
