import { chainless } from '../base/account.js'
import { type SessionErrorCode, storeError } from '../base/errors.js'
import { type Cacao, expiresAt, expiryTime, validityAt } from '../capability/cacao.js'
import { isRecap, missingResources } from '../capability/resources.js'
import { isRemoved, type SessionKey, sessionKeyOfPair } from '../key/session-key.js'
import type { LastUsed, Persistence, SessionData, SessionRecord, SessionStore } from '../store/store.js'
import {
  type ContextOptions,
  contextOf,
  type FoundRecord,
  parseRecord,
  readAccount,
  readLastUsed,
  readRecords,
  recordOf,
  type SessionContext,
  type Trust,
} from './context.js'

// With `resume`, these reach all that a page has loaded before it loads anything else. Each module that loads later exports the three,
// although nobody takes them from there: a bundler makes a file for each set of modules that use the same code, and so of that one file.
export { givenTrusting } from '../options/read-options.js'

/**
 * The context that the options name, for taking up what is stored there. Rejects as `contextOf` throws; and with a `TypeError` if
 * others can write into the store and the options don't say whose signatures and which sites are believed.
 */
export async function trustingContext(options: ContextOptions, load: LoadHelpers): Promise<SessionContext> {
  const context = contextOf(options)
  if (context.stores.some(({ writableByOthers }) => writableByOthers))
    (await load()).assertBelieved(context.checks)
  return context
}

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

/**
 * Reads and judges what is stored of the account. What did-session 4 left counts only if nothing of ours can be taken up. The last
 * use need not be read where nothing is taken up and the account is known.
 */
export async function look(
  context: SessionContext,
  account: string | undefined,
  wanted: Wanted,
  load: LoadHelpers,
  isLastWanted = true,
): Promise<Look> {
  const first = await lookOnce(context, account, wanted, load, isLastWanted)
  const isSignedOut = account === undefined && first.last && first.last.account === undefined
  if (isSignedOut || first.assessments.some(({ session }) => session)) return first
  const migrated = await migrateDIDSession4(context, context.anyChain ? undefined : account, load)
  return migrated > 0 ? lookOnce(context, account, wanted, load, isLastWanted) : first
}

async function lookOnce(
  context: SessionContext,
  account: string | undefined,
  wanted: Wanted,
  load: LoadHelpers,
  isLastWanted: boolean,
): Promise<Look> {
  const { stores, namespace, anyChain, shared } = context
  // Who asks for checks wants them made of what is stored now.
  const isKnown = (keyDID: string): boolean => !hasChecks(context) && shared.sessions.has(keyDID)
  const { found, last, failures } = anyChain
    ? { ...(await readRecords(stores, namespace)), last: await readLastUsed(stores, namespace) }
    : await readAccount(stores, namespace, account, isKnown, isLastWanted)
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

/** Why there is, or isn't, a session that `get` would take up without a prompt. */
export type SessionStatus =
  | { readonly status: 'ok'; readonly expiresAt: Date | undefined; readonly persistence: Persistence }
  /** Nothing is stored for this account. */
  | { readonly status: 'none' }
  /** There was a session, and nobody signed out: the browser, or someone in it, has thrown storage away. */
  | { readonly status: 'evicted' }
  /** Also one that expires sooner than `minValiditySecs` asks for. */
  | { readonly status: 'expired'; readonly expiresAt: Date | undefined }
  /** Granted for a later time, or this machine's clock runs behind. */
  | { readonly status: 'not-yet-valid' }
  /** There is a session, but it doesn't cover these. */
  | { readonly status: 'missing-resources'; readonly missing: readonly string[] }
  /** What is stored can't be read, or its key is not the one that the capability was granted to. */
  | { readonly status: 'wrong-key' }
  /** What `verifiers`, `domains` or `revocation` refuse: the code says which. */
  | { readonly status: 'untrusted'; readonly code: SessionErrorCode }
  /** The store can't be used, so nobody knows. */
  | { readonly status: 'store-unavailable' }

/** What a stored session must be good for. */
export interface Wanted {
  readonly resources?: readonly string[]
  readonly minValiditySecs?: number | undefined
}

/** What was found out about a stored record. */
export interface Assessment {
  readonly status: SessionStatus
  /** Only with status `ok`. */
  readonly session?: SessionData
}

/**
 * What taking up a session needs in some cases only: for abilities, what is trusted, stores of seeds or of the caller's own, and
 * what did-session 4 left. A page loads them when one of these cases comes up.
 */
interface ResumeHelpers {
  assertBelieved(checks: Trust): void
  missingGrants(granted: readonly string[], wanted: readonly string[]): string[]
  trustRefusal(cacao: Cacao, checks: Trust, now: number): Promise<SessionErrorCode | undefined>
  sessionOfSeed(stored: unknown, cacao: Cacao, persistence: Persistence): Promise<SessionData | undefined>
  canSign(key: SessionKey): Promise<boolean>
  migrate(context: SessionContext, account: string | undefined): Promise<number>
}

/** Gives the helpers, and loads them first if they weren't. */
export type LoadHelpers = () => Promise<ResumeHelpers>

const MOST_KNOWN = 100

/** Judges a stored record. The cheap checks come first, the key last. */
async function assess(
  found: FoundRecord,
  account: string | undefined,
  { resources = [], minValiditySecs = 0 }: Wanted,
  context: SessionContext,
  load: LoadHelpers,
): Promise<Assessment> {
  const parsed = knownRecord(found.record, context) ?? parseRecord(found.record)
  if (!parsed || (account ?? parsed.account) !== parsed.account) return { status: { status: 'wrong-key' } }
  const { cacao } = parsed
  const now = context.now()
  // It was signed out, but its store could not be written, or someone has put it back.
  if (isRemoved(parsed.keyDID)) return { status: { status: 'none' } }
  const validity = validityAt(cacao, now)
  if (validity === 'expired' || expiryTime(cacao) < now + minValiditySecs * 1000)
    return { status: { status: 'expired', expiresAt: expiresAt(cacao) } }
  if (validity === 'not-yet-valid') return { status: { status: 'not-yet-valid' } }
  const { resources: granted = [] } = cacao.p
  let missing = missingResources(granted, resources)
  // The abilities of one recap may be among those of another.
  if (isRecap(missing.at(-1))) missing = (await load()).missingGrants(granted, missing)
  if (missing.length > 0) return { status: { status: 'missing-resources', missing } }
  const session = await storedSession(found, context, parsed, load)
  if (!session) return { status: { status: 'wrong-key' } }
  const code = await refusalOf(cacao, context, load)
  if (code) return { status: { status: 'untrusted', code } }
  const { persistence } = found.store
  return { status: { status: 'ok', expiresAt: expiresAt(cacao), persistence }, session }
}

/** The code with which the context's checks refuse the capability; `undefined` if they don't. */
export async function refusalOf(
  cacao: Cacao,
  context: SessionContext,
  load: LoadHelpers,
): Promise<SessionErrorCode | undefined> {
  if (!hasChecks(context)) return undefined
  const { trustRefusal } = await load()
  return trustRefusal(cacao, context.checks, context.now())
}

function hasChecks({ checks }: SessionContext): boolean {
  return Object.values(checks).some(Boolean)
}

/** A stored session with its key; `undefined` unless that is the one that its DID names. */
export async function storedSession(
  { store, key: keyRead }: FoundRecord,
  { namespace, shared }: SessionContext,
  record: SessionRecord,
  load: LoadHelpers,
): Promise<SessionData | undefined> {
  const { persistence } = store
  const { cacao, ...id } = record
  const read = async (): Promise<unknown> => keyRead ?? store.readKey(namespace, id)
  if (store.keeps === 'seeds') {
    const { sessionOfSeed } = await load()
    return sessionOfSeed(await read().catch(() => undefined), cacao, persistence)
  }
  const known = shared.sessions.get(id.keyDID)
  if (known) return { key: known.key, cacao, persistence }
  const key = await sessionKeyOfPair(await read().catch(() => undefined))
  if (key?.did !== id.keyDID || !(await isPair(key, store, load))) return undefined
  if (shared.sessions.size >= MOST_KNOWN) shared.sessions.clear()
  shared.sessions.set(id.keyDID, { key, record })
  return { key, cacao, persistence }
}

// Of a session that is known a store needs to give no more than the id.
function knownRecord(record: unknown, { shared }: SessionContext): SessionRecord | undefined {
  const { account, keyDID = '', cacao } = (record ?? {}) as Partial<SessionRecord>
  const known = cacao === undefined ? shared.sessions.get(keyDID)?.record : undefined
  return known?.account === account ? known : undefined
}

// IndexedDB gives back the pair that this origin put there. Another store may have put one person's public key beside another's
// private key.
async function isPair(key: SessionKey, { database }: SessionStore, load: LoadHelpers): Promise<boolean> {
  if (database) return true
  const { canSign } = await load()
  return canSign(key)
}
