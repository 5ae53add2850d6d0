import { SessionError } from '../base/errors.js'
import { expiryTime } from '../capability/validity.js'
import { canSign } from '../key/generate.js'
import { sessionKeyOfPair } from '../key/session-key.js'
import type { Persistence, SessionRecord, SessionStore } from '../store/store.js'
import { storeError } from '../store/store-error.js'
import { parseRecord, readStores } from './stored-sessions.js'

/**
 * Stores a session in the first store that really keeps it, and says which one that is. A store counts only once
 * the record was read back and its key has signed: engines have refused keys, and have lost them on the way.
 * Expired sessions of the same account make room. Rejects with what the last store said.
 */
export async function keep(
  stores: readonly SessionStore[],
  namespace: string,
  record: SessionRecord,
  now: number,
): Promise<Persistence> {
  let failure: unknown
  for (const store of stores) {
    try {
      await keepIn(store, namespace, record, now)
      return store.persistence
    } catch (error) {
      failure = error
    }
  }
  throw storeError(failure)
}

async function keepIn(
  store: SessionStore,
  namespace: string,
  record: SessionRecord,
  now: number,
): Promise<void> {
  const { account, keyDID } = record
  const before = await records(store, namespace, account)
  await store.write(namespace, {
    put: [record],
    remove: expired(before, now),
    last: { account, keyDID, at: now },
  })
  const after = await records(store, namespace, account)
  const kept = after.map(parseRecord).find((stored) => stored?.cacao.p.aud === keyDID)
  const key = await sessionKeyOfPair(kept?.keyPair)
  if (key?.did === keyDID && (await canSign(key))) return
  await store.write(namespace, { remove: [{ account, keyDID }] })
  throw new SessionError(
    'ERR_STORE_CORRUPT',
    `what was written to ${store.persistence} came back as something else`,
  )
}

async function records(store: SessionStore, namespace: string, account: string): Promise<unknown[]> {
  const { found, failures } = await readStores([store], namespace, account)
  if (failures.length > 0) throw failures[0]
  return found.map(({ record }) => record)
}

function expired(records: readonly unknown[], now: number): { account: string; keyDID: string }[] {
  return records.flatMap((record) => {
    const parsed = parseRecord(record)
    return parsed && expiryTime(parsed.cacao) <= now
      ? [{ account: parsed.account, keyDID: parsed.cacao.p.aud }]
      : []
  })
}
