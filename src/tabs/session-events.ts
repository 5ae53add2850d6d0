import type { Clock } from '../base/environment.js'
import type { SessionError } from '../base/errors.js'
import { scheduleAt, until } from '../base/schedule.js'
import { expiryTime, issuerAccount, parseDateTime } from '../capability/cacao.js'
import { isRemoved } from '../key/session-key.js'
import type { SessionEventType, SessionListenerOptions } from '../options/session-options.js'
import type { SessionContext } from '../resume/context.js'
import { type LoadHelpers, resume } from '../resume/resume.js'
import type { SessionData } from '../store/store.js'
import { endListeners, KeyListeners, type SessionChange, type SessionEnd, watchOf } from './session-watch.js'

const DEFAULT_LEAD_SECS = 300
const DEFAULT_IDLE_SECS = 1800

/** The session that the events are about. */
export interface Subject {
  readonly data: SessionData
  readonly now: Clock
  readonly context: SessionContext | undefined
  /** Loads the code that may be needed to resume the successor. */
  readonly load: LoadHelpers
}

/** The details of an event: for `renewed`, the new session; for `cookie-failed`, the error. */
export interface Outcome {
  readonly successor?: SessionData
  readonly error?: SessionError
}

/**
 * Calls the listener when the event happens, until a signal aborts. An event happens once, except for `idle`, which can happen
 * again after each input.
 */
export function listenFor(
  type: SessionEventType,
  subject: Subject,
  options: SessionListenerOptions,
  signals: readonly (AbortSignal | undefined)[],
  listener: (outcome?: Outcome) => void,
): void {
  const happened = (outcome?: Outcome): void => {
    // A listener that was removed isn't called any more, even if its event has already begun.
    if (signals.some((signal) => signal?.aborted)) return
    try {
      listener(outcome)
    } catch (error) {
      // Rethrown separately: the page sees the listener's error, and the sign-out or renewal that caused the event continues.
      queueMicrotask(() => {
        throw error
      })
    }
  }
  until(signals, () => listen(type, subject, options, happened))
}

/** Calls the listener for every change of the store's sessions, until a signal aborts. */
export function listenForChanges(
  context: SessionContext,
  signals: readonly (AbortSignal | undefined)[],
  listener: (change: SessionChange) => void,
): void {
  const changed = (change: SessionChange): void => {
    if (change.type === 'removed') afterCookies(change.keyDID, () => listener(change))
    else listener(change)
  }
  until(signals, () => watchOf(context).onChange(changed))
}

function listen(
  type: SessionEventType,
  subject: Subject,
  options: SessionListenerOptions,
  happened: (outcome?: Outcome) => void,
): () => void {
  const { data, now } = subject
  const { leadSecs = DEFAULT_LEAD_SECS, idleSecs = DEFAULT_IDLE_SECS } = options
  const expiry = expiryTime(data.cacao)
  const unlessRemoved = (): void => {
    if (!isRemoved(data.key.did)) happened()
  }
  const unlessOver = (): void => {
    if (now() < expiry) unlessRemoved()
  }
  switch (type) {
    case 'expiring':
      // After a sleep it may have expired already: then only `expired` is reported.
      return scheduleAt(now, expiry - leadSecs * 1000, unlessOver)
    case 'expired':
      return scheduleAt(now, expiry, unlessRemoved)
    case 'idle':
      return onIdle(subject, idleSecs, unlessOver)
    case 'cookie-failed':
      return cookieFailureListeners.add(data.key.did, (error) => happened({ error }))
    default:
      return onOwnEnd(type, subject, happened)
  }
}

function onOwnEnd(
  type: 'renewed' | 'removed',
  { data, context, load }: Subject,
  happened: (outcome?: Outcome) => void,
): () => void {
  const stop = endListeners.add(data.key.did, (end) => {
    if (end.type !== type) return
    stop()
    if (end.type === 'removed') return afterCookies(data.key.did, happened)
    void successorOf(data, context, end, load).then((successor) => successor && happened({ successor }))
  })
  return stop
}

// The end of the name of the cookie that accompanies a session cookie (`NOTE_MARK` in store/page-cookie.ts), with the `=` after it.
const COOKIE_NOTE = '-until='

/**
 * Calls the listener once the cookie that `keepCookie` set for this key is cleared, or at once if the page has none. The listener may
 * navigate, and would otherwise send the cookie along.
 */
function afterCookies(keyDID: string, listener: () => void): void {
  if (!mayHaveCookies()) listener()
  else
    import('../resume/helpers.js').then(({ clearCookies }) => clearCookies([keyDID])).then(listener, listener)
}

function mayHaveCookies(): boolean {
  try {
    return typeof document !== 'undefined' && document.cookie.includes(COOKIE_NOTE)
  } catch {
    // In a page of an opaque origin, such as a sandboxed frame's, reading `document.cookie` throws.
    return false
  }
}

const cookieFailureListeners = new KeyListeners<SessionError>()

/** Reports to the listeners that the cookie of the session with this key could not be set or cleared. */
export function tellCookieFailed(keyDID: string, error: SessionError): void {
  cookieFailureListeners.notify(keyDID, error)
}

async function successorOf(
  { cacao }: SessionData,
  context: SessionContext | undefined,
  { session }: SessionEnd & { type: 'renewed' },
  load: LoadHelpers,
): Promise<SessionData | undefined> {
  if (session || !context) return session
  const { resources = [] } = cacao.p
  return resume(context, issuerAccount(cacao), { resources }, load).catch(() => undefined)
}

// The code is loaded only when a page listens to `idle`, because few do.
function onIdle({ data, now }: Subject, idleSecs: number, callback: () => void): () => void {
  const since = parseDateTime(data.cacao.p.iat) ?? 0
  const watching = import('../resume/helpers.js').then(({ watchInput }) =>
    watchInput({ now, idleSecs, since, scheduleAt }, callback),
  )
  return () => void watching.then((stop) => stop())
}
