import { until } from '../base/abort.js'
import type { SessionError } from '../base/errors.js'
import { pageStorage } from '../base/page-storage.js'
import { scheduleAt } from '../base/schedule.js'
import type { Clock } from '../base/time.js'
import { expiryTime, issuerAccount, parseDateTime } from '../capability/cacao.js'
import type { SessionEventType, SessionListenerOptions } from '../options/session-options.js'
import type { SessionContext } from '../resume/context.js'
import { loadedHelpers } from '../resume/helpers.js'
import { resume } from '../resume/resume.js'
import type { SessionData } from '../store/store.js'
import { isRemoved } from '../tabs/removed-keys.js'
import { onSessionEnd, type SessionChange, type SessionEnd, watchOf } from '../tabs/session-watch.js'
import { onCookieFailed } from './keep-cookie.js'
import { afterCookies } from './page-cookie.js'

const DEFAULT_LEAD_SECS = 300
const DEFAULT_IDLE_SECS = 1800

/** The session that the events are about. */
export interface Subject {
  readonly data: SessionData
  readonly now: Clock
  readonly context: SessionContext | undefined
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
  // A listener that has ended is not called any more, even if the event is already under way.
  const happened = (outcome?: Outcome): void => {
    if (!signals.some(({ aborted }) => aborted)) listener(outcome)
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
    if (change.type === 'removed') afterCookies([change.keyDID], () => listener(change))
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
  const isOver = (): boolean => isRemoved(data.key.did) || now() >= expiry
  switch (type) {
    case 'expiring':
      // After a sleep it may have expired already: then `expired` is told instead.
      return scheduleAt(now, expiry - leadSecs * 1000, () => {
        if (!isOver()) happened()
      })
    case 'expired':
      return scheduleAt(now, expiry, () => {
        if (!isRemoved(data.key.did)) happened()
      })
    case 'idle':
      return onIdle(now, idleSecs, parseDateTime(data.cacao.p.iat) ?? 0, () => {
        if (!isOver()) happened()
      })
    case 'cookie-failed':
      return onCookieFailed(data.key.did, (error) => happened({ error }))
    default:
      return onOwnEnd(type, subject, happened)
  }
}

function onOwnEnd(
  type: 'renewed' | 'removed',
  { data, context }: Subject,
  happened: (outcome?: Outcome) => void,
): () => void {
  const stop = onSessionEnd(data.key.did, (end) => {
    if (end.type !== type) return
    stop()
    if (end.type === 'removed') return afterCookies([data.key.did], happened)
    void successorOf(data, context, end).then((successor) => successor && happened({ successor }))
  })
  return stop
}

async function successorOf(
  { cacao }: SessionData,
  context: SessionContext | undefined,
  { session }: SessionEnd & { type: 'renewed' },
): Promise<SessionData | undefined> {
  if (session || !context) return session
  const { resources = [] } = cacao.p
  return resume(context, issuerAccount(cacao), { resources }, loadedHelpers).catch(() => undefined)
}

const INPUT = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
// The time of the last input in any tab, in milliseconds since 1970.
const ITEM = 'cacao-session:active'
// Every movement of a pointer is input, but not each needs to be written.
const WRITE_EVERY_MS = 1000

/**
 * Calls back when there has been no input in any tab of the origin for `idleSecs`, and again after each new activity. Time
 * without any open tab counts too, but none before `since` (milliseconds since 1970), when the person signed in. Where there is
 * no page there is no input, and only the time since the call counts.
 */
function onIdle(now: Clock, idleSecs: number, since: number, callback: () => void): () => void {
  const stored = lastInput()
  let last = Math.min(stored === undefined ? now() : Math.max(stored, since), now())
  let written = Number.NEGATIVE_INFINITY
  let isIdle = false
  let stopTimer = (): void => undefined
  const wait = (): void => {
    stopTimer = scheduleAt(now, last + idleSecs * 1000, due)
  }
  const due = (): void => {
    last = Math.max(last, Math.min(lastInput() ?? last, now()))
    isIdle = now() >= last + idleSecs * 1000
    if (isIdle) callback()
    else wait()
  }
  const touched = (): void => {
    last = now()
    if (last - written >= WRITE_EVERY_MS) {
      written = last
      noteInput(last)
    }
    if (isIdle) wait()
    isIdle = false
  }
  const target = typeof document === 'undefined' ? undefined : document
  for (const type of INPUT) target?.addEventListener(type, touched, { capture: true, passive: true })
  if (stored === undefined) noteInput(last)
  wait()
  return () => {
    stopTimer()
    for (const type of INPUT) target?.removeEventListener(type, touched, { capture: true })
  }
}

function lastInput(): number | undefined {
  try {
    const time = Number(pageStorage()?.getItem(ITEM) ?? Number.NaN)
    return Number.isFinite(time) ? time : undefined
  } catch {
    return undefined
  }
}

function noteInput(time: number): void {
  try {
    pageStorage()?.setItem(ITEM, String(time))
  } catch {
    // The browser refuses storage: then each tab counts for itself.
  }
}
