import { chainless } from '../base/account.js'
import { within } from '../base/environment.js'
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

// Every module that loads later exports `resume`, `trustingContext` and this, although nobody imports them from there: only then does
// a bundler put all that a page loads first into one file.
export { givenTrusting } from '../options/read-options.js'

/**
 * The context for the options, for resuming sessions. Rejects as `contextOf` throws, and with a `TypeError` if others can write to the
 * store and the options contain no checks.
 */
export async function trustingContext(options: ContextOptions, load: LoadHelpers): Promise<SessionContext> {
  const context = contextOf(options)
  if (context.stores.some(({ writableByOthers }) => writableByOthers))
    (await load()).assertBelieved(context.checks)
  return context
}

/**
 * The stored session of the account that covers what is wanted, passes the context's checks and is valid longest; without an
 * account, the session used last. Never prompts. Rejects with `ERR_STORE_UNAVAILABLE` if a store that the caller chose can't be
 * read, and with `ERR_RPC_UNAVAILABLE` if the chain of a contract account doesn't answer.
 */
export async function resume(
  context: SessionContext,
  account: string | undefined,
  wanted: Wanted,
  load: LoadHelpers,
): Promise<SessionData | undefined> {
  return resumeFrom(await look(context, account, wanted, load), account === undefined, context)
}

/** Chooses the session that `resume` returns from what was found, and notes it as the one used last. */
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

/** Moves the sessions that did-session 4 stored in this origin, of all accounts or of one, and returns how many it moved. */
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
    // A broken database of another library must not keep anyone from signing in.
    return 0
  }
}

const LIST_TIMEOUT_MS = 2000

/** Whether did-session 4 may have stored sessions here. Answers without loading the code of the migration. */
export async function mayHoldDIDSession4({ isDefault }: SessionContext): Promise<boolean> {
  try {
    const { indexedDB } = globalThis
    if (!isDefault || !indexedDB) return false
    // Firefox before 126 can't list its databases.
    if (typeof indexedDB.databases !== 'function') return true
    // While IndexedDB hangs, as sometimes in Safari, this hangs as well.
    const databases = (await within(LIST_TIMEOUT_MS, indexedDB.databases())) ?? []
    return databases.some(({ name }) => name === 'did-session')
  } catch {
    return false
  }
}

/** The stored records of an account, and an assessment of each. */
export interface Look {
  readonly assessments: readonly Assessment[]
  readonly found: readonly FoundRecord[]
  readonly last: LastUsed | undefined
  readonly failures: readonly unknown[]
}

/**
 * Reads and assesses the stored records of the account. Sessions of did-session 4 are migrated only if no session of ours can be
 * resumed. The note of the last use need not be read if the account is known and nothing will be resumed.
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
  // A caller with checks expects them to be made on what is stored now, so nothing is taken from the cache.
  const isKnown = (keyDID: string): boolean => !hasChecks(context) && shared.sessions.has(keyDID)
  const { found, last, failures } = anyChain
    ? { ...(await readRecords(stores, namespace)), last: await readLastUsed(stores, namespace) }
    : await readAccount(stores, namespace, account, isKnown, isLastWanted)
  const owner = account ?? last?.account
  // Signing out leaves a note without an account. Then nobody is signed in, even if other accounts have sessions.
  const own =
    last && owner === undefined ? [] : found.filter(({ record }) => !anyChain || isOf(owner, record))
  return { found: own, last, failures, assessments: await assessAll(own, owner, wanted, context, load) }
}

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

// A session can be used even if the note can't be written, so a failure is ignored.
async function noteUse({ stores, namespace, now }: SessionContext, session: SessionData): Promise<void> {
  const { account, keyDID, persistence } = recordOf(session)
  const store = stores.find((candidate) => candidate.persistence === persistence)
  await store?.write(namespace, { last: { account, keyDID, at: now() } }).catch(() => undefined)
}

/** Whether `get` would resume a session without a prompt, and if not, why. */
export type SessionStatus =
  | { readonly status: 'ok'; readonly expiresAt: Date | undefined; readonly persistence: Persistence }
  /** Nothing is stored for this account. */
  | { readonly status: 'none' }
  /** There was a session, and nobody signed out: the browser has evicted its storage, or someone has cleared it. */
  | { readonly status: 'evicted' }
  /** The session has expired, or expires sooner than `minValiditySecs` allows. */
  | { readonly status: 'expired'; readonly expiresAt: Date | undefined }
  /** The session becomes valid later, or this machine's clock is behind. */
  | { readonly status: 'not-yet-valid' }
  /** There is a session, but it doesn't cover the `missing` resources. */
  | { readonly status: 'missing-resources'; readonly missing: readonly string[] }
  /** The stored record is malformed, or its key isn't the one that the capability was granted to. */
  | { readonly status: 'wrong-key' }
  /** `verifiers`, `domains` or `revocation` refuse the session; the code says why. */
  | { readonly status: 'untrusted'; readonly code: SessionErrorCode }
  /** The store can't be read. */
  | { readonly status: 'store-unavailable' }

/** What a stored session must cover, and for how many seconds it must still be valid. */
export interface Wanted {
  readonly resources?: readonly string[]
  readonly minValiditySecs?: number | undefined
}

/** The result of assessing a stored record. */
export interface Assessment {
  readonly status: SessionStatus
  /** Only with status `ok`. */
  readonly session?: SessionData
}

/**
 * Functions that resuming a session needs only in some cases: for abilities, checks, stores of seeds or of the caller's own, and
 * sessions of did-session 4. A page loads them in these cases.
 */
interface ResumeHelpers {
  assertBelieved(checks: Trust): void
  missingGrants(granted: readonly string[], wanted: readonly string[]): string[]
  trustRefusal(cacao: Cacao, checks: Trust, now: number): Promise<SessionErrorCode | undefined>
  sessionOfSeed(stored: unknown, cacao: Cacao, persistence: Persistence): Promise<SessionData | undefined>
  canSign(key: SessionKey): Promise<boolean>
  migrate(context: SessionContext, account: string | undefined): Promise<number>
}

/** Returns the helpers, and loads them first if necessary. */
export type LoadHelpers = () => Promise<ResumeHelpers>

const MOST_KNOWN = 100

/** Assesses a stored record. The cheap checks come first; then the key, and last the caller's checks. */
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
  // The session was signed out, but its record could not be removed, or was put back.
  if (isRemoved(parsed.keyDID)) return { status: { status: 'none' } }
  const validity = validityAt(cacao, now)
  if (validity === 'expired' || expiryTime(cacao) < now + minValiditySecs * 1000)
    return { status: { status: 'expired', expiresAt: expiresAt(cacao) } }
  if (validity === 'not-yet-valid') return { status: { status: 'not-yet-valid' } }
  const { resources: granted = [] } = cacao.p
  let missing = missingResources(granted, resources)
  // A ReCap that isn't the same text may still be covered, because abilities are compared one by one.
  if (isRecap(missing.at(-1))) missing = (await load()).missingGrants(granted, missing)
  if (missing.length > 0) return { status: { status: 'missing-resources', missing } }
  const session = await storedSession(found, context, parsed, load)
  if (!session) return { status: { status: 'wrong-key' } }
  const code = await refusalOf(cacao, context, load)
  if (code) return { status: { status: 'untrusted', code } }
  const { persistence } = found.store
  return { status: { status: 'ok', expiresAt: expiresAt(cacao), persistence }, session }
}

/** The code with which the context's checks refuse the capability, or `undefined` if they accept it. */
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

/** A stored session with its key, or `undefined` if the stored key isn't the one that the record's did:key names. */
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

// For a session that is already cached, the store returns only the account and the did:key.
function knownRecord(record: unknown, { shared }: SessionContext): SessionRecord | undefined {
  const { account, keyDID = '', cacao } = (record ?? {}) as Partial<SessionRecord>
  const known = cacao === undefined ? shared.sessions.get(keyDID)?.record : undefined
  return known?.account === account ? known : undefined
}

// IndexedDB returns the key pair that this origin stored. Another store might combine one person's public key with another person's
// private key, so there a signature is tried.
async function isPair(key: SessionKey, { database }: SessionStore, load: LoadHelpers): Promise<boolean> {
  if (database) return true
  const { canSign } = await load()
  return canSign(key)
}
