import type { SessionErrorCode } from '../base/errors.js'
import type { Cacao } from '../capability/cacao.js'
import { isRecap, missingResources } from '../capability/resources.js'
import { expiryTime, validityAt } from '../capability/validity.js'
import { type SessionKey, sessionKeyOfPair } from '../key/session-key.js'

import { expiresAt, type FoundRecord, parseRecord } from '../store/read-sessions.js'
import type { Persistence, SessionData, SessionRecord, SessionStore } from '../store/store.js'
import { isRemoved } from '../tabs/removed-keys.js'
import type { SessionContext, Trust } from './context.js'

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
export interface ResumeHelpers {
  missingGrants(granted: readonly string[], wanted: readonly string[]): string[]
  trustRefusal(cacao: Cacao, checks: Trust, now: number): Promise<SessionErrorCode | undefined>
  sessionOfSeed(stored: unknown, cacao: Cacao, persistence: Persistence): Promise<SessionData | undefined>
  canSign(key: SessionKey): Promise<boolean>
  migrate(context: SessionContext, account: string | undefined): Promise<number>
}

/** Gives the helpers, and loads them first if they weren't. */
export type LoadHelpers = () => Promise<ResumeHelpers>

const MOST_KNOWN_KEYS = 100

/** Judges a stored record. The cheap checks come first, the key last. */
export async function assess(
  found: FoundRecord,
  account: string | undefined,
  { resources = [], minValiditySecs = 0 }: Wanted,
  context: SessionContext,
  load: LoadHelpers,
): Promise<Assessment> {
  const parsed = parseRecord(found.record)
  if (!parsed || (account ?? parsed.account) !== parsed.account) return { status: { status: 'wrong-key' } }
  const { cacao } = parsed
  const now = context.now()
  // It was signed out, but its store could not be written, or someone has put it back.
  if (isRemoved(parsed.keyDID)) return { status: { status: 'none' } }
  const validity = validityAt(cacao, now)
  if (validity === 'expired' || expiryTime(cacao) < now + minValiditySecs * 1000)
    return { status: { status: 'expired', expiresAt: expiresAt(cacao) } }
  if (validity === 'not-yet-valid') return { status: { status: 'not-yet-valid' } }
  const missing = await missingIn(cacao.p.resources, resources, load)
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
  { checks, now }: SessionContext,
  load: LoadHelpers,
): Promise<SessionErrorCode | undefined> {
  if (!Object.values(checks).some(Boolean)) return undefined
  const { trustRefusal } = await load()
  return trustRefusal(cacao, checks, now())
}

/** A stored session with its key; `undefined` unless that is the one that its DID names. */
export async function storedSession(
  { store, key: keyRead }: FoundRecord,
  { namespace, shared }: SessionContext,
  { cacao, ...id }: SessionRecord,
  load: LoadHelpers,
): Promise<SessionData | undefined> {
  const { persistence } = store
  const read = async (): Promise<unknown> => keyRead ?? store.readKey(namespace, id)
  if (store.keeps === 'seeds') {
    const { sessionOfSeed } = await load()
    return sessionOfSeed(await read().catch(() => undefined), cacao, persistence)
  }
  const known = shared.keys.get(id.keyDID)
  if (known) return { key: known, cacao, persistence }
  const key = await sessionKeyOfPair(await read().catch(() => undefined))
  if (key?.did !== id.keyDID || !(await isPair(key, store, load))) return undefined
  if (shared.keys.size >= MOST_KNOWN_KEYS) shared.keys.clear()
  shared.keys.set(id.keyDID, key)
  return { key, cacao, persistence }
}

// IndexedDB gives back the pair that this origin put there. Another store may have put one person's public key beside another's
// private key.
async function isPair(key: SessionKey, { database }: SessionStore, load: LoadHelpers): Promise<boolean> {
  if (database) return true
  const { canSign } = await load()
  return canSign(key)
}

async function missingIn(
  granted: readonly string[] = [],
  wanted: readonly string[],
  load: LoadHelpers,
): Promise<string[]> {
  const missing = missingResources(granted, wanted)
  // The abilities of one recap may be among those of another.
  if (!isRecap(missing.at(-1))) return missing
  const { missingGrants } = await load()
  return missingGrants(granted, missing)
}
