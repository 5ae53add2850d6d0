import { SessionError } from '../base/errors.js'
import { canSign } from '../key/generate-key.js'
import { sessionKeyOfPair } from '../key/session-key.js'
import { memoryStore } from '../store/memory-store.js'
import { parseRecord, readAccount } from '../store/read-sessions.js'
import {
  type NewSession,
  type Persistence,
  type SessionId,
  type SessionStore,
  storeError,
} from '../store/store.js'
import type { SessionContext } from './context.js'
import { sessionOfSeed } from './session-string.js'

/**
 * Stores a session in the first store that really keeps it, and says which one that is; the expired ones are removed from
 * there. A store counts only once the record was read back and its key has signed: engines have refused keys, and have
 * lost them on the way. If no store does and the caller chose none, the session is kept in memory. Rejects with what the
 * last store said.
 */
export async function persist(
  { stores, isChosen, namespace, now }: SessionContext,
  session: NewSession,
  expired: readonly SessionId[] = [],
): Promise<Persistence> {
  let failure: unknown
  for (const store of stores) {
    try {
      await persistIn(store, namespace, session, expired, now())
      return store.persistence
    } catch (error) {
      failure = error
    }
  }
  if (isChosen) throw storeError(failure)
  const memory = memoryStore()
  stores.push(memory)
  await persistIn(memory, namespace, session, expired, now())
  return memory.persistence
}

async function persistIn(
  store: SessionStore,
  namespace: string,
  session: NewSession,
  expired: readonly SessionId[],
  now: number,
): Promise<void> {
  const { account, keyDID } = session
  const remove = expired.map((id) => ({ account: id.account, keyDID: id.keyDID }))
  await store.write(namespace, { put: [session], remove, last: { account, keyDID, at: now } })
  const { found, failures } = await readAccount([store], namespace, account, () => false)
  if (failures.length > 0) throw failures[0]
  const stored = found.find(({ record }) => parseRecord(record)?.keyDID === keyDID)
  const key = stored && (stored.key ?? (await store.readKey(namespace, { account, keyDID })))
  if (await isKeyOf(session, key)) return
  await store.write(namespace, { remove: [{ account, keyDID }] })
  throw new SessionError(
    'ERR_STORE_CORRUPT',
    `what was written to ${store.persistence} came back as something else`,
  )
}

async function isKeyOf({ keyDID, cacao, seed }: NewSession, stored: unknown): Promise<boolean> {
  if (seed) return (await sessionOfSeed(stored, cacao, 'none')) !== undefined
  const key = await sessionKeyOfPair(stored)
  return key?.did === keyDID && (await canSign(key))
}
