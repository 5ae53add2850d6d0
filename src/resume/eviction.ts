import { chainless } from '../base/account.js'
import { pageStorage } from '../base/page-storage.js'
import { readLastUsed } from '../store/read-sessions.js'
import { watchOf } from '../tabs/session-watch.js'
import type { SessionContext } from './context.js'

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
  accounts: readonly string[] = watchOf(context).accounts,
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
