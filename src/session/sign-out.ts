import { chainless } from '../base/account.js'
import { storeError } from '../store/store-error.js'
import { forgetDIDSession4 } from './adopt.js'
import { settle } from './fates.js'
import { kept } from './flights.js'
import { mayHoldDIDSession4 } from './inherit.js'
import { unmarkKept, wasEvicted } from './kept-marks.js'
import type { Place } from './place.js'
import { parseRecord, readLastUsed, readStores } from './stored-sessions.js'
import { watchOf } from './watch.js'

/**
 * Removes the account's sessions, or the one of a key, wherever they are, and lets all tabs know: their keys sign no
 * more. Rejects with `ERR_STORE_UNAVAILABLE` if a store can't be written; those that can are, all the same.
 */
export async function removeSessions(place: Place, account: string, keyDID?: string): Promise<void> {
  const { stores, namespace, now } = place
  // What is only about to be there would stay.
  await kept(place)
  const { found } = await readStores(stores, namespace, place.anyChain ? undefined : account)
  const records = found
    .flatMap(({ record }) => parseRecord(record) ?? [])
    .filter((record) => isMeant(place, account, record) && (keyDID ?? record.keyDID) === record.keyDID)
  const accounts = [...new Set([account, ...records.map((record) => record.account)])]
  // Without a note of it, other tabs would take a sign-out for what it comes after, and go on.
  const isEvicted = await wasEvicted(place, account)
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
  for (const result of results) if (result.status === 'rejected') throw storeError(result.reason)
  const removed = keyDID === undefined ? records.map((record) => record.keyDID) : [keyDID]
  for (const key of removed) settle(key, { type: 'removed' })
  await watchOf(place).changed(removed)
}

/** Signs one session out that is at hand, wherever it is kept, if anywhere. */
export async function removeSession(
  place: Place | undefined,
  account: string,
  keyDID: string,
): Promise<void> {
  if (place) await removeSessions({ ...place, anyChain: false }, account, keyDID)
  else settle(keyDID, { type: 'removed' })
}

function isMeant({ anyChain }: Place, account: string, record: { readonly account: string }): boolean {
  return anyChain ? chainless(record.account) === chainless(account) : record.account === account
}
