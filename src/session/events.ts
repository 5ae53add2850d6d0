import { until } from '../base/abort.js'
import { pageStorage } from '../base/environment.js'
import { scheduleAt } from '../base/schedule.js'
import type { Clock } from '../base/time.js'
import { issuerAccount } from '../capability/cacao.js'
import { parseDateTime } from '../capability/schema.js'
import { expiryTime } from '../capability/validity.js'
import type { Place } from './context.js'
import { type Fate, onFate } from './fates.js'
import type { HeldSession } from './held-session.js'
import { removedKeys } from './removed-keys.js'
import { resume } from './resume.js'

const INPUT = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
// When there was input last in any tab, in milliseconds since 1970.
const ITEM = 'cacao-session:active'
// Every movement of a pointer is input, but needn't be written down.
const WRITE_EVERY_MS = 1000

/**
 * Calls back once nobody has touched any tab of the origin for so long, and again after each new activity. Time with no
 * tab open counts too, but none before `since` (milliseconds since 1970), when the person signed in. Where there is no
 * page there is no input, and the time since the call counts.
 */
function onIdle(now: Clock, idleSecs: number, since: number, callback: () => void): () => void {
  const stored = lastInput()
  let last = Math.min(stored === undefined ? now() : Math.max(stored, since), now())
  let written = Number.NEGATIVE_INFINITY
  let isIdle = false
  let stopAlarm = (): void => undefined
  const wait = (): void => {
    stopAlarm = scheduleAt(now, last + idleSecs * 1000, due)
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
    stopAlarm()
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
    // Refused: then each tab counts for itself.
  }
}

/** What a session tells its listeners. */
export type SessionEventType = 'expiring' | 'expired' | 'renewed' | 'removed' | 'idle'

/** `session.on`. */
export interface SessionListenerOptions {
  /** `expiring`: seconds before the expiry; 300 by default. */
  leadSecs?: number
  /** `idle`: seconds without input of the person in any tab; 1800 by default. */
  idleSecs?: number
  /** Ends the listening. */
  signal?: AbortSignal
}

const DEFAULT_LEAD_SECS = 300
const DEFAULT_IDLE_SECS = 1800

/** The session that events are about, as far as they need it. */
export interface Subject {
  readonly held: HeldSession
  readonly now: Clock
  readonly place: Place | undefined
}

/**
 * Calls back when it happens, until a signal is aborted: once, but for `idle`, which happens again after each new
 * activity. `renewed` comes with the session that has taken this one's place.
 */
export function listenFor(
  type: SessionEventType,
  subject: Subject,
  options: SessionListenerOptions,
  signals: readonly AbortSignal[],
  listener: (successor?: HeldSession) => void,
): void {
  // What happens while the listening ends is not told any more.
  const happened = (successor?: HeldSession): void => {
    if (!signals.some(({ aborted }) => aborted)) listener(successor)
  }
  until(signals, () => listen(type, subject, options, happened))
}

function listen(
  type: SessionEventType,
  subject: Subject,
  options: SessionListenerOptions,
  happened: (successor?: HeldSession) => void,
): () => void {
  const { held, now } = subject
  const { leadSecs = DEFAULT_LEAD_SECS, idleSecs = DEFAULT_IDLE_SECS } = options
  const expiry = expiryTime(held.cacao)
  const isOver = (): boolean => removedKeys.has(held.key.did) || now() >= expiry
  switch (type) {
    case 'expiring':
      // Whoever slept through all of it has nothing left to renew in time.
      return scheduleAt(now, expiry - leadSecs * 1000, () => {
        if (!isOver()) happened()
      })
    case 'expired':
      return scheduleAt(now, expiry, () => {
        if (!removedKeys.has(held.key.did)) happened()
      })
    case 'idle':
      return onIdle(now, idleSecs, parseDateTime(held.cacao.p.iat) ?? 0, () => {
        if (!isOver()) happened()
      })
    default:
      return onOwnFate(type, subject, happened)
  }
}

function onOwnFate(
  type: 'renewed' | 'removed',
  { held, place }: Subject,
  happened: (successor?: HeldSession) => void,
): () => void {
  const stop = onFate(held.key.did, (fate) => {
    if (fate.type !== type) return
    stop()
    if (fate.type === 'removed') return happened()
    void successorOf(held, place, fate).then((session) => session && happened(session))
  })
  return stop
}

async function successorOf(
  { cacao }: HeldSession,
  place: Place | undefined,
  { held }: Fate & { type: 'renewed' },
): Promise<HeldSession | undefined> {
  if (held || !place) return held
  const { resources = [] } = cacao.p
  return resume(place, issuerAccount(cacao), { resources }).catch(() => undefined)
}
