import { SessionError } from '../base/errors.js'
import { expiryTime } from '../capability/validity.js'
import { canSign } from '../key/generate-key.js'
import { sessionKeyOfPair } from '../key/session-key.js'
import type { Place } from '../resume/context.js'
import { sessionOfSeed } from '../resume/session-string.js'
import { parseRecord, readStores } from '../resume/stored-sessions.js'
import { memoryStore } from '../store/memory-store.js'
import {
  type NewSession,
  type Persistence,
  type SessionId,
  type SessionStore,
  storeError,
} from '../store/store.js'
/**
 * Stores a session in the first store that really keeps it, and says which one that is. A store counts only once
 * the record was read back and its key has signed: engines have refused keys, and have lost them on the way. Where
 * no store does and the caller chose none, the session is kept in memory.
 * Expired sessions of the same account make room. Rejects with what the last store said.
 */
export async function keep(
  { stores, isChosen, namespace, now }: Place,
  session: NewSession,
): Promise<Persistence> {
  let failure: unknown
  for (const store of stores) {
    try {
      await keepIn(store, namespace, session, now())
      return store.persistence
    } catch (error) {
      failure = error
    }
  }
  if (isChosen) throw storeError(failure)
  const memory = memoryStore()
  stores.push(memory)
  await keepIn(memory, namespace, session, now())
  return memory.persistence
}

async function keepIn(
  store: SessionStore,
  namespace: string,
  session: NewSession,
  now: number,
): Promise<void> {
  const { account, keyDID } = session
  const before = await records(store, namespace, account)
  await store.write(namespace, {
    put: [session],
    remove: expired(before, now),
    last: { account, keyDID, at: now },
  })
  const after = await records(store, namespace, account)
  const isThere = after.map(parseRecord).some((stored) => stored?.keyDID === keyDID)
  if (isThere && (await isKeyOf(session, await store.readKey(namespace, { account, keyDID })))) return
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

async function records(store: SessionStore, namespace: string, account: string): Promise<unknown[]> {
  const { found, failures } = await readStores([store], namespace, account)
  if (failures.length > 0) throw failures[0]
  return found.map(({ record }) => record)
}

function expired(records: readonly unknown[], now: number): SessionId[] {
  return records.flatMap((record) => {
    const parsed = parseRecord(record)
    return parsed && expiryTime(parsed.cacao) <= now
      ? [{ account: parsed.account, keyDID: parsed.keyDID }]
      : []
  })
}
