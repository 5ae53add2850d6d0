import { chainless } from '../base/account.js'
import { pageStorage } from '../base/environment.js'
import { SessionError, storeError } from '../base/errors.js'
import { canSign } from '../key/generate-key.js'
import { assertNotRemoved, isRemoved, markRemoved, sessionKeyOfPair } from '../key/session-key.js'
import { memoryStore } from '../store/memory-store.js'
import type { NewSession, Persistence, SessionId, SessionStore } from '../store/store.js'
import { parseRecord, readAccount, readLastUsed, type SessionContext } from './context.js'
import { sessionOfSeed } from './session-string.js'

/**
 * Stores a session in the first store that really keeps it, removes the expired ones from that store, and returns the store's
 * `persistence`. A store has kept a session only if the record can be read back and its key signs, because engines have refused keys
 * or lost them. If no store has kept it, the session goes into a memory store, unless the caller chose the store: then it rejects
 * with that store's error. Rejects with `ERR_SESSION_REMOVED` if another tab signs the account out at the same time.
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
      if (isRemoved(session.keyDID)) throw error
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
  const { found, failures, last } = await readAccount([store], namespace, account, () => false, true)
  if (failures.length > 0) throw failures[0]
  const stored = found.find(({ record }) => parseRecord(record)?.keyDID === keyDID)
  // The note of its use was written with it. So if another one is there, the store works, and another tab has signed the account out.
  if (!stored && last && last.keyDID !== keyDID) {
    markRemoved(keyDID)
    assertNotRemoved(keyDID)
  }
  const key = stored && (stored.key ?? (await store.readKey(namespace, { account, keyDID })))
  if (await isKeyOf(session, key)) return
  await store.write(namespace, { remove: [{ account, keyDID }] })
  throw new SessionError(
    'ERR_STORE_CORRUPT',
    `the session that was written to ${store.persistence} could not be read back unchanged`,
  )
}

async function isKeyOf({ keyDID, cacao, seed }: NewSession, stored: unknown): Promise<boolean> {
  if (seed) return (await sessionOfSeed(stored, cacao, 'none')) !== undefined
  const key = await sessionKeyOfPair(stored)
  return key?.did === keyDID && (await canSign(key))
}

// An item in localStorage, which browsers evict independently of IndexedDB. It has, for each account, the time until which its session
// is stored in IndexedDB, in milliseconds since 1970.
const ITEM = 'cacao-session:stored'
// JSON has no Infinity.
const LAST_INSTANT = Date.UTC(9999, 11, 31)

/** Marks that a session of the account is stored until a time, so that an evicted session can be told from one that never existed. */
export function markStored(context: SessionContext, account: string, until: number): void {
  change(context, (marks) => marks.set(markOf(context, account), Math.min(until, LAST_INSTANT)))
}

/** Removes the mark, because no session of the account is stored any more. */
export function unmarkStored(context: SessionContext, account: string): void {
  change(context, (marks) => marks.delete(markOf(context, account)))
}

/**
 * Whether the browser has evicted a session of the account, which nobody had signed out. `accounts` are the accounts whose sessions
 * this page has known.
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
    // If localStorage can't be written, an eviction is noticed only by this page, while it is open.
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
