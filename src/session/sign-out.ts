import { chainless } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import type { Place } from '../resume/context.js'
import { unmarkKept, wasEvicted } from '../resume/eviction.js'
import { forgetDIDSession4 } from '../resume/migrate-did-session-4.js'
import { mayHoldDIDSession4 } from '../resume/resume.js'
import {
  type FoundRecord,
  parseRecord,
  readLastUsed,
  readStores,
  storedSession,
} from '../resume/stored-sessions.js'
import { kept } from '../sign-in/pending-sign-ins.js'
import { type SessionRecord, storeError } from '../store/store.js'
import { settle } from '../tabs/lifecycle.js'
import { watchOf } from '../tabs/session-watch.js'
/**
 * Signs the account out, or the session of one key that is at hand: what is at hand in any tab ends at once, whatever the
 * store does; then it is removed wherever it is kept. Rejects with `ERR_STORE_…` if a store can't be read or written, and so
 * may still have it; those that can are, all the same.
 */
export async function removeSessions(place: Place, account: string, keyDID?: string): Promise<void> {
  const { stores, namespace, now } = place
  const watch = watchOf(place)
  const known = watch.accounts
  const isMeant = (record: SessionRecord): boolean =>
    isOf(place, account, record) && (keyDID ?? record.keyDID) === record.keyDID
  const places = watch.whereAre(isMeant)
  const ended = endNow(place, account, keyDID, isMeant)
  // What is only about to be there would stay.
  await kept(place, account)
  const exactly = place.anyChain ? undefined : account
  const { found, failures, unread } = await readStores(stores, namespace, exactly)
  const stored = found.flatMap(({ record, store }) => {
    const parsed = parseRecord(record)
    return parsed && isMeant(parsed) ? { record: parsed, store } : []
  })
  const accounts = [...new Set([account, ...stored.map(({ record }) => record.account)])]
  const proven = await provenKeys(stored, place)
  // Without a note of it, other tabs would take a sign-out for what it comes after, and go on.
  const isEvicted = await wasEvicted(place, account, known)
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
  if (keyDID === undefined && (await mayHoldDIDSession4(place))) await forgetDIDSession4(account)
  if (keyDID === undefined || found.length <= 1) unmarkKept(place, account)
  const removed = [...new Set([...ended, ...proven, ...endNow(place, account, keyDID, isMeant)])]
  for (const key of proven) settle(key, { type: 'removed' })
  await watch.changed(removed)
  const failed = results.find((result) => result.status === 'rejected')
  // Where a browser has refused IndexedDB all along, there is nothing in it.
  const isLost = unread.some((persistence) => place.isChosen || places.includes(persistence))
  if (failed || isLost) throw stillThere(failed ? failed.reason : failures[0])
}

/** Signs one session out that is at hand, wherever it is kept, if anywhere. */
export async function removeSession(
  place: Place | undefined,
  account: string,
  keyDID: string,
): Promise<void> {
  settle(keyDID, { type: 'removed' })
  if (place) await removeSessions({ ...place, anyChain: false }, account, keyDID)
}

/** Ends what is at hand, here and in the other tabs, and gives the keys. */
function endNow(
  place: Place,
  account: string,
  keyDID: string | undefined,
  isMeant: (record: SessionRecord) => boolean,
): string[] {
  const watch = watchOf(place)
  const ended = watch.end(isMeant)
  if (keyDID === undefined) watch.tell(ended, account, place.anyChain)
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

// A store may name a key that is somebody else's: only one that it has can be signed out by removing it there.
async function provenKeys(
  stored: readonly (FoundRecord & { readonly record: SessionRecord })[],
  place: Place,
): Promise<string[]> {
  const sessions = await Promise.all(stored.map(({ record, store }) => storedSession(store, place, record)))
  return sessions.flatMap((session) => session?.key.did ?? [])
}

function isOf({ anyChain }: Place, account: string, record: { readonly account: string }): boolean {
  return anyChain ? chainless(record.account) === chainless(account) : record.account === account
}

interface Revocable {
  readonly isExpired: boolean
  fetch(url: string | URL, init: RequestInit): Promise<Response>
}

/**
 * Sends the signed request that revokes the session at a server of ours. Done as well if the server says that it had
 * been revoked, or has expired; one that is known to have needs no server. Rejects with `ERR_REVOCATION_FAILED` for
 * whatever else it answers, a redirection too, or if it can't be reached.
 */
export async function revokeAt(
  url: string | URL,
  session: Revocable,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (session.isExpired) return
  let response: Response
  try {
    // Wherever a redirection leads, a page that is well there says nothing of the session.
    response = await session.fetch(url, { method: 'POST', redirect: 'manual', ...(signal && { signal }) })
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
