import type { Clock } from '../base/environment.js'
import type { SessionError } from '../base/errors.js'
import { scheduleAt, until } from '../base/schedule.js'
import { expiryTime, issuerAccount, parseDateTime } from '../capability/cacao.js'
import { isRemoved } from '../key/session-key.js'
import type { SessionEventType, SessionListenerOptions } from '../options/session-options.js'
import type { SessionContext } from '../resume/context.js'
import { type LoadHelpers, resume } from '../resume/resume.js'
import type { SessionData } from '../store/store.js'
import { onSessionEnd, type SessionChange, type SessionEnd, watchOf } from './session-watch.js'

const DEFAULT_LEAD_SECS = 300
const DEFAULT_IDLE_SECS = 1800

/** The session that the events are about. */
export interface Subject {
  readonly data: SessionData
  readonly now: Clock
  readonly context: SessionContext | undefined
  /** Loads what taking up the successor may need. */
  readonly load: LoadHelpers
}

/** What an event tells beyond its type: for `renewed`, the session in this one's place; for `cookie-failed`, why. */
export interface Outcome {
  readonly successor?: SessionData
  readonly error?: SessionError
}

/**
 * Calls back when the event happens, until a signal is aborted: once, except for `idle`, which happens again after each new
 * activity.
 */
export function listenFor(
  type: SessionEventType,
  subject: Subject,
  options: SessionListenerOptions,
  signals: readonly AbortSignal[],
  listener: (outcome?: Outcome) => void,
): void {
  const happened = (outcome?: Outcome): void => {
    // A listener that has ended is not called any more, even if the event is already under way.
    if (signals.some(({ aborted }) => aborted)) return
    try {
      listener(outcome)
    } catch (error) {
      // In a task of its own: the page sees what a listener throws, and whatever goes on, such as a sign-out, goes on.
      queueMicrotask(() => {
        throw error
      })
    }
  }
  until(signals, () => listen(type, subject, options, happened))
}

/** Calls back for every change of the store's sessions, until a signal is aborted. */
export function listenForChanges(
  context: SessionContext,
  signals: readonly AbortSignal[],
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
      // After a sleep it may have expired already: then `expired` is told instead.
      return scheduleAt(now, expiry - leadSecs * 1000, unlessOver)
    case 'expired':
      return scheduleAt(now, expiry, unlessRemoved)
    case 'idle':
      return onIdle(subject, idleSecs, unlessOver)
    case 'cookie-failed':
      return onCookieFailed(data.key.did, (error) => happened({ error }))
    default:
      return onOwnEnd(type, subject, happened)
  }
}

function onOwnEnd(
  type: 'renewed' | 'removed',
  { data, context, load }: Subject,
  happened: (outcome?: Outcome) => void,
): () => void {
  const stop = onSessionEnd(data.key.did, (end) => {
    if (end.type !== type) return
    stop()
    if (end.type === 'removed') return afterCookies(data.key.did, happened)
    void successorOf(data, context, end, load).then((successor) => successor && happened({ successor }))
  })
  return stop
}

// What ends the name of the cookie beside a page's session cookie (`NOTE_MARK` in store/page-cookie.ts), and what follows.
const COOKIE_NOTE = '-until='

/**
 * Calls back once the key has no cookie of `keepCookie` any more: at once if the page has none, because the listener may leave the
 * page.
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
    // A page of an opaque origin, such as a sandboxed frame's, may not even ask.
    return false
  }
}

const cookieFailures = new Map<string, Set<(error: SessionError) => void>>()

/** Calls back when the cookie of the session with this key could not be set or cleared, until the function that it gives is called. */
function onCookieFailed(keyDID: string, listener: (error: SessionError) => void): () => void {
  const own = cookieFailures.get(keyDID) ?? new Set()
  cookieFailures.set(keyDID, own.add(listener))
  return () => {
    own.delete(listener)
    if (own.size === 0) cookieFailures.delete(keyDID)
  }
}

/** Tells those who listen that the cookie of the session with this key could not be set or cleared. */
export function tellCookieFailed(keyDID: string, error: SessionError): void {
  for (const listener of cookieFailures.get(keyDID) ?? []) listener(error)
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

// Few pages ask for it, so it loads when one does.
function onIdle({ data, now }: Subject, idleSecs: number, callback: () => void): () => void {
  const since = parseDateTime(data.cacao.p.iat) ?? 0
  const watching = import('../resume/helpers.js').then(({ watchInput }) =>
    watchInput({ now, idleSecs, since, scheduleAt }, callback),
  )
  return () => void watching.then((stop) => stop())
}
