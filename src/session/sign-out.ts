import { throwIfAborted, untilAborted } from '../base/abort.js'
import { type AccountInput, accountArgument, chainless } from '../base/account.js'
import { SessionError, storeError } from '../base/errors.js'
import { type ReadersOf, readOptions, setting, signalOption } from '../base/options.js'
import { capabilityHeaderOption } from '../http/signature-profile.js'
import { originsOption } from '../http/signed-fetch.js'
import { STORE_READERS } from '../options/read-options.js'
import type { RevokeOptions, SessionFetchInit, StoreOptions } from '../options/session-options.js'
import {
  contextOf,
  type FoundRecord,
  parseRecord,
  readLastUsed,
  readRecords,
  type SessionContext,
} from '../resume/context.js'
import { loadedHelpers } from '../resume/helpers.js'
import { forgetDIDSession4 } from '../resume/migrate-did-session-4.js'
import { unmarkStored, wasEvicted } from '../resume/persist.js'
import { mayHoldDIDSession4, storedSession } from '../resume/resume.js'
import { clearCookies } from '../store/page-cookie.js'
import type { SessionRecord } from '../store/store.js'
import { pendingSignInsOf } from '../tabs/pending-sign-ins.js'
import type { SessionWatch } from '../tabs/session-watch.js'

/** See `SessionClient.signOut`. */
export async function signOut(account: AccountInput, options: StoreOptions): Promise<void> {
  const given = readOptions(options, STORE_READERS)
  const context = contextOf(given)
  const owner = accountArgument(account)
  await untilAborted(given.signal, () => removeSessions(context, owner))
}

/**
 * Signs out all sessions of the account, or only the session with the given key. Sessions in use end at once in all tabs, even if
 * a store fails; then they are removed from every store. Rejects with `ERR_STORE_…` if a store can't be read or written and may
 * still have them; they are removed from the other stores nevertheless.
 */
async function removeSessions(context: SessionContext, account: string, keyDID?: string): Promise<void> {
  const { endSession, watchOf } = await import('../tabs/index.js')
  const { stores, namespace, now } = context
  const watch = watchOf(context)
  const known = watch.accounts
  const isConcerned = (record: SessionRecord): boolean =>
    isOf(context, account, record) && (keyDID ?? record.keyDID) === record.keyDID
  const knownStores = watch.storesOf(isConcerned)
  const end = (): string[] => endNow(watch, isConcerned, account, keyDID, context.anyChain)
  const ended = end()
  // A session that is being stored at this moment would otherwise be stored after the removal.
  await pendingSignInsOf(context).stored(account)
  const exactly = context.anyChain ? undefined : account
  const { found, failures, unread } = await readRecords(stores, namespace, exactly)
  const stored = found.flatMap(({ record, store }) => {
    const parsed = parseRecord(record)
    return parsed && isConcerned(parsed) ? { record: parsed, store } : []
  })
  const accounts = [...new Set([account, ...stored.map(({ record }) => record.account)])]
  const own = await ownKeys(stored, context)
  // Without the note of the last use, other tabs would think that the browser has evicted the sessions.
  const isEvicted = await wasEvicted(context, account, known)
  const results = await Promise.allSettled(
    stores.map(async (store) => {
      const last = await readLastUsed([store], namespace)
      const isLast =
        last?.account && accounts.includes(last.account) && (keyDID ?? last.keyDID) === last.keyDID
      await store.write(namespace, {
        remove: accounts.map((owner) =>
          keyDID === undefined ? { account: owner } : { account: owner, keyDID },
        ),
        ...((isLast || isEvicted) && { last: { at: now() } }),
      })
    }),
  )
  if (keyDID === undefined && (await mayHoldDIDSession4(context))) await forgetDIDSession4(account)
  if (keyDID === undefined || found.length <= 1) unmarkStored(context, account)
  const removed = [...new Set([...ended, ...own, ...end()])]
  for (const key of own) endSession(key, { type: 'removed' })
  await watch.changed(removed)
  await clearCookies(keyDID === undefined ? removed : [...removed, keyDID])
  const failed = results.find((result) => result.status === 'rejected')
  // If the browser has always refused IndexedDB, there can be nothing in it, so its failure doesn't matter.
  const mayRemain = unread.some((persistence) => context.isChosen || knownStores.includes(persistence))
  if (failed || mayRemain) throw stillStored(failed ? failed.reason : failures[0])
}

/** Signs out one session that is in use, and removes it from the stores of its context if it has one. */
export async function removeSession(
  context: SessionContext | undefined,
  account: string,
  keyDID: string,
): Promise<void> {
  const { endSession } = await import('../tabs/index.js')
  endSession(keyDID, { type: 'removed' })
  if (context) await removeSessions({ ...context, anyChain: false }, account, keyDID)
  else await clearCookies([keyDID])
}

/** Ends the sessions in use, in this and the other tabs, and returns the did:keys of those in this one. */
function endNow(
  watch: SessionWatch,
  isConcerned: (record: SessionRecord) => boolean,
  account: string,
  keyDID: string | undefined,
  anyChain: boolean,
): string[] {
  const ended = watch.end(isConcerned)
  if (keyDID === undefined) watch.tell(ended, account, anyChain)
  else watch.tell([keyDID])
  return ended
}

function stillStored(failure: unknown): SessionError {
  const { code, message, cause = failure } = storeError(failure)
  return new SessionError(
    code,
    `signed out in every tab, but the store may still have the session, so try again: ${message}`,
    { cause },
  )
}

// A record in a store may name the key of another session. So its key is signed out only if the store has that key too.
async function ownKeys(
  stored: readonly (FoundRecord & { readonly record: SessionRecord })[],
  context: SessionContext,
): Promise<string[]> {
  const sessions = await Promise.all(
    stored.map((found) => storedSession(found, context, found.record, loadedHelpers)),
  )
  return sessions.flatMap((session) => session?.key.did ?? [])
}

function isOf({ anyChain }: SessionContext, account: string, record: { readonly account: string }): boolean {
  return anyChain ? chainless(record.account) === chainless(account) : record.account === account
}

interface Revocable {
  readonly isExpired: boolean
  fetch(url: string | URL, init: SessionFetchInit): Promise<Response>
}

const REVOKE_READERS: ReadersOf<RevokeOptions> = {
  origins: setting(originsOption),
  capabilityHeader: setting(capabilityHeaderOption),
  signal: setting(signalOption),
}

/**
 * Sends the signed request with which the app's server revokes the session. Also resolves if the server answers that the session
 * was revoked before or has expired; for an expired session, nothing is sent. Rejects with `ERR_REVOCATION_FAILED` for every
 * other answer, including a redirection, and if the server can't be reached. `advice` is the end of its message: how to sign out only
 * here.
 */
export async function revokeAt(
  url: string | URL,
  session: Revocable,
  given: RevokeOptions,
  advice = 'sign out on this device only with remove()',
): Promise<void> {
  // Read before the request, so that a wrong argument isn't reported as a server that can't be reached.
  const { signal, ...options } = readOptions<RevokeOptions>(given, REVOKE_READERS)
  const { url: target } = new Request(url)
  if (session.isExpired) return
  let response: Response
  try {
    // A redirection isn't followed: a page that answers 200 doesn't mean that the session was revoked.
    response = await session.fetch(target, {
      ...options,
      method: 'POST',
      redirect: 'manual',
      ...(signal && { signal }),
    })
  } catch (cause) {
    throwIfAborted(signal)
    if (cause instanceof SessionError) throw cause
    throw failed("the server can't be reached", advice, cause)
  }
  if (response.ok || DONE.includes(await codeOf(response))) return
  const isRedirected = response.type === 'opaqueredirect'
  throw failed(`the server answered ${isRedirected ? 'with a redirection' : response.status}`, advice)
}

const DONE: readonly unknown[] = ['ERR_CAPABILITY_REVOKED', 'ERR_CAPABILITY_EXPIRED']

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
}

function failed(why: string, advice: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_REVOCATION_FAILED',
    `the session was not revoked: ${why}. It is still signed in here: try again, or ${advice}`,
    cause === undefined ? undefined : { cause },
  )
}
