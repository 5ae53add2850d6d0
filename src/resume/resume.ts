import { chainless } from '../base/account.js'
import { expiryTime } from '../capability/validity.js'
import { type FoundRecord, readAccount, readLastUsed, readRecords } from '../store/read-sessions.js'
import { type LastUsed, recordOf, type SessionData, storeError } from '../store/store.js'
import { type Assessment, assess, type LoadHelpers, type Wanted } from './assess.js'
import type { SessionContext } from './context.js'

/**
 * The stored session of the account that covers what is wanted, passes the context's checks and is valid longest; without an
 * account, the one used last. Never prompts. Rejects with `ERR_STORE_UNAVAILABLE` if a store that the caller chose can't be
 * read, and with `ERR_RPC_UNAVAILABLE` if the verifiers can't ask a contract account's chain.
 */
export async function resume(
  context: SessionContext,
  account: string | undefined,
  wanted: Wanted,
  load: LoadHelpers,
): Promise<SessionData | undefined> {
  return resumeFrom(await look(context, account, wanted, load), account === undefined, context)
}

/** The session that `resume` takes up of what was found, and notes as the one used last. */
export async function resumeFrom(
  { assessments, last, failures }: Look,
  isLastWanted: boolean,
  context: SessionContext,
): Promise<SessionData | undefined> {
  if (context.isChosen && failures.length > 0) throw storeError(failures[0])
  const sessions = assessments.flatMap(({ session }) => session ?? [])
  const lastUsed = isLastWanted && sessions.find(({ key }) => key.did === last?.keyDID)
  const session = lastUsed || sessions.sort((a, b) => (expiryTime(b.cacao) > expiryTime(a.cacao) ? 1 : -1))[0]
  if (session && session.key.did !== last?.keyDID) await noteUse(context, session)
  return session
}

/** Takes over the sessions that did-session 4 left in this origin, of all accounts or one, and says how many there were. */
export async function migrateDIDSession4(
  context: SessionContext,
  account: string | undefined,
  load: LoadHelpers,
): Promise<number> {
  if (!(await mayHoldDIDSession4(context))) return 0
  try {
    const { migrate } = await load()
    return await migrate(context, account)
  } catch {
    // One can sign in even if something is wrong with what another library left.
    return 0
  }
}

/** Whether did-session 4 may have sessions here. Most pages learn without loading anything that it never ran. */
export async function mayHoldDIDSession4({ isDefault }: SessionContext): Promise<boolean> {
  try {
    const { indexedDB } = globalThis
    if (!isDefault || !indexedDB) return false
    // Firefox before 126 can't list its databases.
    if (typeof indexedDB.databases !== 'function') return true
    return (await indexedDB.databases()).some(({ name }) => name === 'did-session')
  } catch {
    return false
  }
}

/** What was found of an account, and what of it can be taken up. */
export interface Look {
  readonly assessments: readonly Assessment[]
  readonly found: readonly FoundRecord[]
  readonly last: LastUsed | undefined
  readonly failures: readonly unknown[]
}

/** Reads and judges what is stored of the account. What did-session 4 left counts only if nothing of ours can be taken up. */
export async function look(
  context: SessionContext,
  account: string | undefined,
  wanted: Wanted,
  load: LoadHelpers,
): Promise<Look> {
  const first = await lookOnce(context, account, wanted, load)
  const isSignedOut = account === undefined && first.last && first.last.account === undefined
  if (isSignedOut || first.assessments.some(({ session }) => session)) return first
  const migrated = await migrateDIDSession4(context, context.anyChain ? undefined : account, load)
  return migrated > 0 ? lookOnce(context, account, wanted, load) : first
}

async function lookOnce(
  context: SessionContext,
  account: string | undefined,
  wanted: Wanted,
  load: LoadHelpers,
): Promise<Look> {
  const { stores, namespace, anyChain, shared } = context
  const { found, last, failures } = anyChain
    ? { ...(await readRecords(stores, namespace)), last: await readLastUsed(stores, namespace) }
    : await readAccount(stores, namespace, account, (keyDID) => shared.keys.has(keyDID))
  const owner = account ?? last?.account
  // Signing out leaves a note without an account: nobody is signed in again who has just signed out.
  const own =
    last && owner === undefined ? [] : found.filter(({ record }) => !anyChain || isOf(owner, record))
  return { found: own, last, failures, assessments: await assessAll(own, owner, wanted, context, load) }
}

/** Judges the records one by one. */
export function assessAll(
  found: readonly FoundRecord[],
  account: string | undefined,
  wanted: Wanted,
  context: SessionContext,
  load: LoadHelpers,
): Promise<Assessment[]> {
  const exactly = context.anyChain ? undefined : account
  return Promise.all(found.map((record) => assess(record, exactly, wanted, context, load)))
}

/** Whether a record is of the account, whichever chain it was signed on. */
function isOf(account: string | undefined, record: unknown): boolean {
  const owner: unknown = (record as { account?: unknown } | null | undefined)?.account
  return account === undefined || (typeof owner === 'string' && chainless(owner) === chainless(account))
}

// The note is of no consequence to the session at hand, so a failure to write it doesn't take the session away.
async function noteUse({ stores, namespace, now }: SessionContext, session: SessionData): Promise<void> {
  const { account, keyDID, persistence } = recordOf(session)
  const store = stores.find((candidate) => candidate.persistence === persistence)
  await store?.write(namespace, { last: { account, keyDID, at: now() } }).catch(() => undefined)
}
