import { type IDBPDatabase, wrap } from 'idb'
import { abortable, throwIfAborted } from '../base/abort.js'
import { isBrowser, LONGEST_TIMER_MS } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import type { SessionDatabase, SessionStore } from '../store/store.js'

// For how many seconds, at most, a prompt in one tab keeps the other tabs from opening theirs.
const PROMPT_WAIT_SECS = 60

// How often a tab tries to take a lease that another tab holds, where there are no Web Locks.
const ASK_AGAIN_MS = 200

/** Identifies a prompt: the account that it is for, and the store and namespace. */
export interface Prompt {
  readonly account: string
  readonly stores: readonly SessionStore[]
  readonly namespace: string
}

export interface PromptLockOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * When the app called, before any code was loaded, in milliseconds since 1970 by the machine's clock. If the person declines the
   * prompt of another tab after that time, this call is declined too.
   */
  readonly since: number
  /** Seconds to wait for another tab's prompt; 60 by default. */
  readonly waitSecs?: number | undefined
}

/**
 * Does work that prompts the person, while no other tab or worker does so for the same account. If the person declines in the tab
 * that has the lock, the tabs that wait for it reject with `ERR_AUTH_REJECTED`, so that ten tabs don't prompt one after the other.
 * A tab that is closed or crashes releases the lock at once. A tab that is frozen, or whose prompt stays open, is waited for
 * `waitSecs` at most; without Web Locks, that is so for a closed tab too. On a server there is no lock, because other requests come
 * from other people, or only claim to come from this one.
 */
export async function withPromptLock<T>(
  { account, stores, namespace }: Prompt,
  { signal, since, waitSecs = PROMPT_WAIT_SECS }: PromptLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const { scopeOf, tabChannel } = await import('./index.js')
  const scope = scopeOf({ stores, namespace })
  const name = `cacao-session\n${scope}\n${account}`
  const database = stores[0]?.database
  const waiting = new AbortController()
  const stop = tabChannel.onNotice((notice) => {
    if (notice?.scope === scope && notice.declined === account) waiting.abort(declinedElsewhere())
  })
  const abort = (): void => waiting.abort(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  const locked = async (): Promise<T> => {
    stop()
    // Web Locks may grant us the lock before the other tab's message arrives, so also check the store.
    if (database && (await wasDeclined(database, name, since).catch(() => false))) throw declinedElsewhere()
    try {
      return await work()
    } catch (error) {
      if (error instanceof SessionError && error.code === 'ERR_AUTH_REJECTED') {
        tabChannel.tell({ scope, declined: account })
        if (database) await noteDeclined(database, name).catch(() => undefined)
      }
      throw error
    }
  }
  try {
    // Node has Web Locks too, but all its requests and threads would share them.
    const locks = isBrowser() ? (globalThis.navigator as Navigator | undefined)?.locks : undefined
    if (locks) return await withWebLock(locks, name, waitSecs * 1000, waiting.signal, locked)
    return await withLease(database, name, waitSecs * 1000, waiting.signal, locked)
  } finally {
    stop()
    signal?.removeEventListener('abort', abort)
  }
}

function declinedElsewhere(): SessionError {
  return new SessionError(
    'ERR_AUTH_REJECTED',
    'the request was rejected in another tab: ask again when the person is ready',
  )
}

// If a lock isn't granted in time, its holder keeps it. The callers that waited in vain then request a second lock, with the next
// number in its name, so that they prompt one after the other.
async function withWebLock<T>(
  locks: LockManager,
  name: string,
  waitMs: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let round = 0; ; round++) {
    const waiting = new AbortController()
    let isOurs = false
    const leave = (): void => waiting.abort()
    const timer = setTimeout(leave, Math.min(waitMs, LONGEST_TIMER_MS))
    signal.addEventListener('abort', leave, { once: true })
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
    }
    try {
      throwIfAborted(signal)
      return await locks.request(`${name}\n${round}`, { signal: waiting.signal }, () => {
        isOurs = true
        done()
        return work()
      })
    } catch (error) {
      if (isOurs) throw error
      throwIfAborted(signal)
      // Where locks are forbidden, as in a sandboxed frame, each tab prompts without one.
      if (!waiting.signal.aborted) return work()
    } finally {
      done()
    }
  }
}

async function withLease<T>(
  database: SessionDatabase | undefined,
  name: string,
  waitMs: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (!database) return work()
  const holder = crypto.randomUUID()
  const isOver = patience(waitMs)
  const taken = async (): Promise<boolean> => {
    try {
      return await takeLease(database, name, holder, isOver)
    } catch {
      // If the store can't be used, the person must still be able to sign in.
      return true
    }
  }
  throwIfAborted(signal)
  while (!(await taken())) await abortable(elapsed(ASK_AGAIN_MS), signal)
  try {
    return await work()
  } finally {
    await releaseLease(database, name, holder).catch(() => undefined)
  }
}

// Whether a lease is over: once its holder has had it for `waitMs` milliseconds. The monotonic clock is asked too, so that the wait
// doesn't become longer if the machine's clock is set back meanwhile.
function patience(waitMs: number): (current: Lease) => boolean {
  let watched: { readonly holder: string; readonly from: number } | undefined
  return ({ holder, since }) => {
    if (watched?.holder !== holder) watched = { holder, from: performance.now() }
    return Date.now() - since >= waitMs || performance.now() - watched.from >= waitMs
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The holder of a lease, and since when it holds it, in milliseconds since 1970. */
export interface Lease {
  readonly holder: string
  readonly since: number
}

// Leases are kept in the object store of the last use, because the database has no other one for them. Its other keys are
// namespaces, which are strings; keys of leases are arrays.
const STORE = 'last'

/**
 * Takes the lease of this name, unless another holder has it and `isOver` returns false for that one. Returns whether it was taken.
 * Reads and writes in one transaction, so that only one of several tabs gets the lease.
 */
export async function takeLease(
  database: SessionDatabase,
  name: string,
  holder: string,
  isOver: (current: Lease) => boolean,
): Promise<boolean> {
  return using(database, async (db) => {
    const transaction = db.transaction(STORE, 'readwrite')
    // It rejects if a request fails, and that rejection is reported by the `await` of the request.
    transaction.done.catch(() => undefined)
    const current = leaseOf(await transaction.store.get(['lease', name]))
    const isFree = !current || current.holder === holder || isOver(current)
    if (isFree) await transaction.store.put({ holder, since: Date.now() }, ['lease', name])
    await transaction.done
    return isFree
  })
}

/** Releases the lease, if the holder has it. */
export async function releaseLease(database: SessionDatabase, name: string, holder: string): Promise<void> {
  await using(database, async (db) => {
    const transaction = db.transaction(STORE, 'readwrite')
    // It rejects if a request fails, and that rejection is reported by the `await` of the request.
    transaction.done.catch(() => undefined)
    const current = leaseOf(await transaction.store.get(['lease', name]))
    if (current?.holder === holder) await transaction.store.delete(['lease', name])
    await transaction.done
  })
}

/** Stores that the person has just declined the prompt of this name. */
export async function noteDeclined(database: SessionDatabase, name: string): Promise<void> {
  await using(database, (db) => db.put(STORE, Date.now(), ['declined', name]))
}

/**
 * Whether the person has declined the prompt of this name since a time, in milliseconds since 1970. A refusal that is noted for the
 * future was noted before the machine's clock was set back: it must not refuse each sign-in until that time comes.
 */
export async function wasDeclined(database: SessionDatabase, name: string, since: number): Promise<boolean> {
  const time: unknown = await using(database, (db) => db.get(STORE, ['declined', name]))
  return typeof time === 'number' && time > since && time <= Date.now()
}

function using<T>(database: SessionDatabase, work: (db: IDBPDatabase) => Promise<T>): Promise<T> {
  return database.use((db) => work(wrap(db)))
}

function leaseOf(value: unknown): Lease | undefined {
  const { holder, since } = (value ?? {}) as { [name in keyof Lease]?: unknown }
  return typeof holder === 'string' && typeof since === 'number' ? { holder, since } : undefined
}
