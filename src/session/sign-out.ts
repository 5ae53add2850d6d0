import { type AccountInput, accountArgument, chainless } from '../base/account.js'
import { SessionError, storeError } from '../base/errors.js'
import { readOptions } from '../base/options.js'
import { originOptions } from '../http/signed-fetch.js'
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
  await removeSessions(contextOf(readOptions(options, STORE_READERS)), accountArgument(account))
}

/**
 * Signs the account out, or the session of one key that is in use. Sessions in use end at once in all tabs, whatever the store
 * does; then they are removed from every store. Rejects with `ERR_STORE_…` if a store can't be read or written and may still
 * have them; they are removed from the others all the same.
 */
async function removeSessions(context: SessionContext, account: string, keyDID?: string): Promise<void> {
  const { endSession, watchOf } = await import('../tabs/index.js')
  const { stores, namespace, now } = context
  const watch = watchOf(context)
  const known = watch.accounts
  const isMeant = (record: SessionRecord): boolean =>
    isOf(context, account, record) && (keyDID ?? record.keyDID) === record.keyDID
  const knownStores = watch.whereAre(isMeant)
  const end = (): string[] => endNow(watch, isMeant, account, keyDID, context.anyChain)
  const ended = end()
  // A session that is being stored at this moment would stay.
  await pendingSignInsOf(context).stored(account)
  const exactly = context.anyChain ? undefined : account
  const { found, failures, unread } = await readRecords(stores, namespace, exactly)
  const stored = found.flatMap(({ record, store }) => {
    const parsed = parseRecord(record)
    return parsed && isMeant(parsed) ? { record: parsed, store } : []
  })
  const accounts = [...new Set([account, ...stored.map(({ record }) => record.account)])]
  const own = await ownKeys(stored, context)
  // Without a note, other tabs could not tell the sign-out from the browser having thrown the sessions away.
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
  // A browser that has refused IndexedDB all along has nothing in it.
  const isLost = unread.some((persistence) => context.isChosen || knownStores.includes(persistence))
  if (failed || isLost) throw stillThere(failed ? failed.reason : failures[0])
}

/** Signs one session out that is in use, and removes it from the stores of its context, if it has one. */
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

/** Ends the sessions in use, here and in the other tabs, and gives their keys. */
function endNow(
  watch: SessionWatch,
  isMeant: (record: SessionRecord) => boolean,
  account: string,
  keyDID: string | undefined,
  anyChain: boolean,
): string[] {
  const ended = watch.end(isMeant)
  if (keyDID === undefined) watch.tell(ended, account, anyChain)
  else watch.tell([keyDID])
  return ended
}

function stillThere(failure: unknown): SessionError {
  const { code, message, cause = failure } = storeError(failure)
  return new SessionError(
    code,
    `signed out in every tab, but the store may still have the session, so try again: ${message}`,
    { cause },
  )
}

// A store may name a key that is somebody else's. Removing a record signs its key out only if the store has that key too.
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

/**
 * Sends the signed request with which the app's server revokes the session. It also succeeds if the server answers that the
 * session was revoked before, or has expired; an expired session isn't sent at all. Rejects with `ERR_REVOCATION_FAILED` for
 * every other answer, a redirection too, and if the server can't be reached.
 */
export async function revokeAt(
  url: string | URL,
  session: Revocable,
  { signal, ...options }: RevokeOptions,
): Promise<void> {
  // Now, because a wrong option must not look like a server that can't be reached.
  originOptions(options)
  if (session.isExpired) return
  let response: Response
  try {
    // The page that a redirection leads to says nothing of the session, even if it answers 200.
    response = await session.fetch(url, {
      ...options,
      method: 'POST',
      redirect: 'manual',
      ...(signal && { signal }),
    })
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof SessionError) throw cause
    throw failed("the server can't be reached", cause)
  }
  if (response.ok || DONE.includes(await codeOf(response))) return
  const isRedirected = response.type === 'opaqueredirect'
  throw failed(`the server answered ${isRedirected ? 'with a redirection' : response.status}`)
}

const DONE: readonly unknown[] = ['ERR_CAPABILITY_REVOKED', 'ERR_CAPABILITY_EXPIRED']

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
}

function failed(why: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_REVOCATION_FAILED',
    `the session was not revoked: ${why}. It is still signed in here; try again, or sign out of this device with remove()`,
    cause === undefined ? undefined : { cause },
  )
}
