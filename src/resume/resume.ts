import { chainless } from '../base/account.js'
import { expiryTime } from '../capability/validity.js'
import type { HeldSession } from '../store/session-data.js'
import { storeError } from '../store/store.js'
import type { Place } from './context.js'
import {
  type Assessment,
  assess,
  readLastUsed,
  readStores,
  type SessionStatus,
  type Wanted,
} from './stored-sessions.js'

const DATABASE = 'did-session'

/** Takes over what did-session 4 left here, of all accounts or one; says how many sessions that were. */
export async function inherit(place: Place, account: string | undefined): Promise<number> {
  if (!(await mayHoldDIDSession4(place))) return 0
  try {
    const { adoptDIDSession4 } = await place.onDemand()
    return await adoptDIDSession4(place, account)
  } catch {
    // Whatever is wrong with what another library left, one can still sign in.
    return 0
  }
}

/** Spares a signed-out page the loading of what would only find out that did-session 4 never ran here. */
export async function mayHoldDIDSession4({ isShared }: Place): Promise<boolean> {
  try {
    const { indexedDB } = globalThis
    if (!isShared || !indexedDB) return false
    // Firefox before 126 can't list its databases.
    if (typeof indexedDB.databases !== 'function') return true
    return (await indexedDB.databases()).some(({ name }) => name === DATABASE)
  } catch {
    return false
  }
}

/**
 * The stored session of the account that is fit to be used, passes the place's checks and is valid longest; without an
 * account, the one used last. Never prompts. Rejects with `ERR_STORE_UNAVAILABLE` if a store that the caller chose can't be
 * read, and with `ERR_RPC_UNAVAILABLE` if the verifiers can't ask a contract account's chain.
 */
export async function resume(
  place: Place,
  account: string | undefined,
  wanted: Wanted,
): Promise<HeldSession | undefined> {
  const reading = readLastUsed(place.stores, place.namespace)
  const used = account === undefined ? await reading : undefined
  // Nobody is signed in again who has just signed out.
  if (used && used.account === undefined) return undefined
  const { assessments, failures } = await look(place, account ?? used?.account, wanted)
  const last = await reading
  if (place.isChosen && failures.length > 0) throw storeError(failures[0])
  const sessions = assessments.flatMap(({ session }) => session ?? [])
  const lastUsed = account === undefined && sessions.find(({ key }) => key.did === last?.keyDID)
  const session = lastUsed || sessions.sort((a, b) => (expiryTime(b.cacao) > expiryTime(a.cacao) ? 1 : -1))[0]
  if (session && session.key.did !== last?.keyDID) await noteUse(place, session)
  return session
}

/** The status of the best stored session of the account. Never rejects for what a store does. */
export async function explain(place: Place, account: string, wanted: Wanted): Promise<SessionStatus> {
  const { assessments, failures } = await look(place, account, wanted)
  const statuses = assessments.map(({ status }) => status)
  const best = BEST_FIRST.flatMap((name) => statuses.filter(({ status }) => status === name))[0]
  return best ?? { status: failures.length > 0 ? 'store-unavailable' : 'none' }
}
const BEST_FIRST = ['ok', 'missing-resources', 'not-yet-valid', 'expired', 'untrusted', 'wrong-key'] as const

interface Look {
  readonly assessments: readonly Assessment[]
  readonly failures: readonly unknown[]
}

// Asks for what did-session 4 left only where there is nothing of ours.
async function look(place: Place, account: string | undefined, wanted: Wanted): Promise<Look> {
  const first = await lookOnce(place, account, wanted)
  if (first.assessments.some(({ session }) => session)) return first
  const adopted = await inherit(place, place.anyChain ? undefined : account)
  return adopted > 0 ? lookOnce(place, account, wanted) : first
}

async function lookOnce(place: Place, account: string | undefined, wanted: Wanted): Promise<Look> {
  const exactly = place.anyChain ? undefined : account
  const { found, failures } = await readStores(place.stores, place.namespace, exactly)
  const own = exactly === account ? found : found.filter(({ record }) => isOf(account, record))
  return {
    assessments: await Promise.all(own.map((record) => assess(record, exactly, wanted, place))),
    failures,
  }
}

/** Whether a record is of the account, whichever chain it was signed on. */
function isOf(account: string | undefined, record: unknown): boolean {
  const owner: unknown = (record as { account?: unknown } | null | undefined)?.account
  return account === undefined || (typeof owner === 'string' && chainless(owner) === chainless(account))
}

// Of no consequence to the session at hand, so whatever fails now doesn't take it away.
async function noteUse(place: Place, session: HeldSession): Promise<void> {
  const note = place.onDemand().then((rest) => rest.noteUse(place, session))
  await note.catch(() => undefined)
}
