import { issuerAccount } from '../capability/cacao.js'
import { expiryTime } from '../capability/validity.js'
import type { HeldSession } from './held-session.js'
import type { ResumeOptions } from './options.js'
import type { Place } from './place.js'
import {
  type Assessment,
  assess,
  readStores,
  type SessionStatus,
  type StoredSessions,
} from './stored-sessions.js'

/**
 * The stored session of the account that is fit to be used and valid longest; without an account, the one used
 * last. Never prompts. Rejects with `ERR_STORE_UNAVAILABLE` if a store that the caller chose can't be read.
 */
export async function resume(
  place: Place,
  account: string | undefined,
  options: ResumeOptions,
): Promise<HeldSession | undefined> {
  const { found, last, failures } = await readStores(place.stores, place.namespace, account)
  if (failures.length === place.stores.length) throw failures[0]
  const session =
    (await choose(place, { found, ...(last && { last }) }, account, options)) ??
    (await resumeAdopted(place, last !== undefined && last.account === undefined, account, options))
  if (session && last?.keyDID !== session.key.did) await noteUse(place, session)
  return session
}

/** The status of the best stored session of the account. Never rejects for what a store does. */
export async function explain(place: Place, account: string, options: ResumeOptions): Promise<SessionStatus> {
  const wanted = { ...options, now: place.now() }
  const look = async (): Promise<{ statuses: SessionStatus[]; failed: boolean }> => {
    const { found, failures } = await readStores(place.stores, place.namespace, account)
    const assessments = await Promise.all(found.map((record) => assess(record, account, wanted)))
    return { statuses: assessments.map(({ status }) => status), failed: failures.length > 0 }
  }
  let { statuses, failed } = await look()
  if (
    !statuses.some(({ status }) => status === 'ok') &&
    (await place.adopt(account, options.verifiers)) > 0
  ) {
    ;({ statuses, failed } = await look())
  }
  const best = BEST_FIRST.flatMap((name) => statuses.filter(({ status }) => status === name))[0]
  return best ?? { status: failed ? 'store-unavailable' : 'none' }
}
const BEST_FIRST = ['ok', 'missing-resources', 'not-yet-valid', 'expired', 'wrong-key'] as const

/** Removes the account's sessions, or one of them, wherever they are. Rejects if a store can't be written. */
export async function removeSessions(place: Place, account: string, keyDID?: string): Promise<void> {
  const remove = [keyDID === undefined ? { account } : { account, keyDID }]
  const results = await Promise.allSettled(
    place.stores.map(async (store) => {
      const { last } = await readStores([store], place.namespace, account)
      const isLast = last?.account === account && (keyDID ?? last.keyDID) === last.keyDID
      await store.write(place.namespace, { remove, ...(isLast && { last: { at: place.now() } }) })
    }),
  )
  if (keyDID === undefined) await place.forget(account)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function choose(
  place: Place,
  { found, last }: Pick<StoredSessions, 'found' | 'last'>,
  account: string | undefined,
  options: ResumeOptions,
): Promise<HeldSession | undefined> {
  const owner = account ?? last?.account
  if (owner === undefined) return undefined
  const wanted = { ...options, now: place.now() }
  const own = found.filter(({ record }) => (record as { account?: unknown } | null)?.account === owner)
  const assessments: Assessment[] = await Promise.all(own.map((record) => assess(record, owner, wanted)))
  const sessions = assessments.flatMap(({ session }) => session ?? [])
  if (account === undefined) {
    const lastUsed = sessions.find(({ key }) => key.did === last?.keyDID)
    if (lastUsed) return lastUsed
  }
  return sessions.sort((a, b) => (expiryTime(b.cacao) > expiryTime(a.cacao) ? 1 : -1))[0]
}

// Looks at did-session 4 only where we have nothing ourselves; and not for whoever has just signed out.
async function resumeAdopted(
  place: Place,
  isSignedOut: boolean,
  account: string | undefined,
  options: ResumeOptions,
): Promise<HeldSession | undefined> {
  if ((account === undefined && isSignedOut) || (await place.adopt(account, options.verifiers)) === 0)
    return undefined
  return choose(place, await readStores(place.stores, place.namespace, account), account, options)
}

// Of no consequence to the session at hand, so a store that fails now doesn't take it away.
async function noteUse(
  { stores, namespace, now }: Place,
  { key, cacao, persistence }: HeldSession,
): Promise<void> {
  const store = stores.find((candidate) => candidate.persistence === persistence)
  await store
    ?.write(namespace, { last: { account: issuerAccount(cacao), keyDID: key.did, at: now() } })
    .catch(() => undefined)
}
