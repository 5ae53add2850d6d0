import { chainless } from '../base/account.js'
import { pageStorage } from '../base/environment.js'
import { SessionError, storeError } from '../base/errors.js'
import { canSign } from '../key/generate-key.js'
import { sessionKeyOfPair } from '../key/session-key.js'
import { memoryStore } from '../store/memory-store.js'
import type { NewSession, Persistence, SessionId, SessionStore } from '../store/store.js'
import { parseRecord, readAccount, readLastUsed, type SessionContext } from './context.js'
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
  const { found, failures } = await readAccount([store], namespace, account, () => false, false)
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

// In localStorage, which browsers evict apart from IndexedDB: for each account until when its session is stored there, in
// milliseconds since 1970.
const ITEM = 'cacao-session:stored'
// JSON has no Infinity.
const LAST_INSTANT = Date.UTC(9999, 11, 31)

/** Notes that a session of the account is stored here until a time, so that its loss can be told from there being none. */
export function markStored(context: SessionContext, account: string, until: number): void {
  change(context, (marks) => marks.set(markOf(context, account), Math.min(until, LAST_INSTANT)))
}

/** Notes that nothing of the account is stored here. */
export function unmarkStored(context: SessionContext, account: string): void {
  change(context, (marks) => marks.delete(markOf(context, account)))
}

/**
 * Whether the account had a session here that nobody signed out of and that the browser has evicted. `accounts` are those whose
 * sessions were known here.
 */
export async function wasEvicted(
  context: SessionContext,
  account: string,
  accounts: readonly string[],
): Promise<boolean> {
  // Signing out leaves a note in the store.
  if (await readLastUsed(context.stores, context.namespace)) return false
  const isKnown = accounts.some((known) =>
    context.anyChain ? chainless(known) === chainless(account) : known === account,
  )
  return isKnown || (!context.isChosen && (readMarks().get(markOf(context, account)) ?? 0) > context.now())
}

function markOf({ namespace }: SessionContext, account: string): string {
  return `${namespace} ${chainless(account)}`
}

function change({ isChosen }: SessionContext, work: (marks: Map<string, number>) => unknown): void {
  if (isChosen) return
  const marks = readMarks()
  work(marks)
  for (const [mark, until] of marks) if (until <= Date.now()) marks.delete(mark)
  try {
    if (marks.size > 0) pageStorage()?.setItem(ITEM, JSON.stringify([...marks]))
    else pageStorage()?.removeItem(ITEM)
  } catch {
    // The browser refuses to write: then only this page knows.
  }
}

function readMarks(): Map<string, number> {
  try {
    const marks: unknown = JSON.parse(pageStorage()?.getItem(ITEM) ?? '[]')
    return new Map(Array.isArray(marks) ? marks.filter(isMark) : [])
  } catch {
    return new Map()
  }
}

function isMark(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number'
}
