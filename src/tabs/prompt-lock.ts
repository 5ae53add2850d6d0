import { abortable } from '../base/abort.js'
import { isBrowser } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { LONGEST_TIMER_MS } from '../base/time.js'
import { secondsArgument } from '../options/session-options.js'
import type { Place } from '../resume/context.js'
import type { Connection } from '../store/indexeddb-connection.js'
import { connectionOf } from '../store/indexeddb-store.js'
import { type Claim, claim, noteDeclined, release, wasDeclined } from '../store/lease.js'
import { onNotice, scopeOf, tell } from './channel.js'

/** Seconds that a prompt in one tab keeps the others from opening theirs, whatever became of that tab. */
const PROMPT_WAIT_SECS = 60

// How often a name is asked for that another tab has taken, where there are no Web Locks.
const ASK_AGAIN_MS = 200

interface TurnOptions {
  readonly signal?: AbortSignal | undefined
  /** When the caller asked, by the machine's clock in milliseconds since 1970. */
  readonly since: number
  /** Seconds to wait for another tab's prompt. */
  readonly waitSecs?: number | undefined
}

/** The caller's wait for other tabs. Throws a `TypeError` unless it is a number of seconds. */
export function turnOptions(options: { waitSecs?: number }): TurnOptions {
  return { since: Date.now(), waitSecs: secondsArgument(options, 'waitSecs', PROMPT_WAIT_SECS) }
}

/**
 * Does work that opens the wallet, while no other tab or worker does so for this account. Whoever waits and sees the
 * person decline in the other tab rejects with `ERR_AUTH_REJECTED`, so that ten tabs don't prompt one after the other.
 * A tab that was closed or crashed lets go at once; one that is frozen, or whose prompt lies open, is waited for no
 * longer than `waitSecs`, and so is any where there are no Web Locks. On a server nobody waits: what goes on there at the
 * same time is another person's, or that of somebody who claims to be this one.
 */
export async function inTurn<T>(
  place: Place,
  account: string,
  { signal, since, waitSecs = PROMPT_WAIT_SECS }: TurnOptions,
  work: () => Promise<T>,
): Promise<T> {
  const scope = scopeOf(place)
  const name = `cacao-session\n${scope}\n${account}`
  const connection = place.stores[0] && connectionOf(place.stores[0])
  const waiting = new AbortController()
  const stop = onNotice((notice) => {
    if (notice?.scope === scope && notice.declined === account) waiting.abort(declinedElsewhere())
  })
  const give = (): void => waiting.abort(signal?.reason)
  signal?.addEventListener('abort', give, { once: true })
  const turn = async (): Promise<T> => {
    stop()
    // Who let go of the turn may be heard only later: what is noted in the store is there before.
    if (connection && (await wasDeclined(connection, name, since).catch(() => false)))
      throw declinedElsewhere()
    try {
      return await work()
    } catch (error) {
      if (error instanceof SessionError && error.code === 'ERR_AUTH_REJECTED') {
        tell({ scope, declined: account })
        if (connection) await noteDeclined(connection, name).catch(() => undefined)
      }
      throw error
    }
  }
  try {
    // Node has locks too, which all its requests and threads share.
    const locks = isBrowser() ? (globalThis.navigator as Navigator | undefined)?.locks : undefined
    if (locks) return await withLock(locks, name, waitSecs * 1000, waiting.signal, turn)
    return await withClaim(connection, name, waitSecs * 1000, waiting.signal, turn)
  } finally {
    stop()
    signal?.removeEventListener('abort', give)
  }
}

function declinedElsewhere(): SessionError {
  return new SessionError(
    'ERR_AUTH_REJECTED',
    'the request was rejected in another tab: ask again when the person is ready',
  )
}

// A lock that isn't had in time is left to whoever has it, for the next one of the same name: there those who gave up
// waiting take turns.
async function withLock<T>(
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
      signal.throwIfAborted()
      return await locks.request(`${name}\n${round}`, { signal: waiting.signal }, () => {
        isOurs = true
        done()
        return work()
      })
    } catch (error) {
      if (isOurs) throw error
      signal.throwIfAborted()
      // Without the right to lock, as in a sandboxed frame, each prompts for itself.
      if (!waiting.signal.aborted) return work()
    } finally {
      done()
    }
  }
}

async function withClaim<T>(
  connection: Connection | undefined,
  name: string,
  waitMs: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  if (!connection) return work()
  const holder = crypto.randomUUID()
  const isOver = patience(waitMs)
  const claimed = async (): Promise<boolean> => {
    try {
      return await claim(connection, name, holder, isOver)
    } catch {
      // A store that can't be used keeps nobody from signing in.
      return true
    }
  }
  signal.throwIfAborted()
  while (!(await claimed())) await abortable(elapsed(ASK_AGAIN_MS), signal)
  try {
    return await work()
  } finally {
    await release(connection, name, holder).catch(() => undefined)
  }
}

// Each holder is waited for as long as this caller says, whatever the holder's own wait is. A clock that was set back in
// between doesn't make it longer.
function patience(waitMs: number): (current: Claim) => boolean {
  let watched: { readonly holder: string; readonly from: number } | undefined
  return ({ holder, since }) => {
    if (watched?.holder !== holder) watched = { holder, from: performance.now() }
    return Date.now() - since >= waitMs || performance.now() - watched.from >= waitMs
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
