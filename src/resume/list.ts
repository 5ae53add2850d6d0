import { accountDID } from '../base/account.js'
import { validityAt } from '../capability/validity.js'
import { type Persistence, storeError } from '../store/store.js'
import type { Place } from './context.js'
import { inherit } from './resume.js'
import { expiresAt, parseRecord, readStores, refused } from './stored-sessions.js'
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

/** Every stored session that passes the place's checks, those that did-session 4 left included. */
export async function listSessions(place: Place): Promise<SessionSummary[]> {
  await inherit(place, undefined)
  const { found, failures } = await readStores(place.stores, place.namespace)
  if (place.isChosen && failures.length > 0) throw storeError(failures[0])
  const all = found.map(async ({ record, store }): Promise<SessionSummary[]> => {
    const parsed = parseRecord(record)
    if (!parsed || (await refused(parsed.cacao, place, place.now()))) return []
    const { account, keyDID, cacao } = parsed
    const summary = {
      account,
      id: accountDID(account),
      keyDID,
      resources: cacao.p.resources ?? [],
      expiresAt: expiresAt(cacao),
      isExpired: validityAt(cacao, place.now()) === 'expired',
      persistence: store.persistence,
    }
    return [summary]
  })
  return (await Promise.all(all)).flat()
}
