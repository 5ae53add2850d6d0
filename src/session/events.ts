import { until } from '../base/abort.js'
import { atTime } from '../base/alarm.js'
import type { Clock } from '../base/clock.js'
import { issuerAccount } from '../capability/cacao.js'
import { parseDateTime } from '../capability/datetime.js'
import { expiryTime } from '../capability/validity.js'
import { type Fate, onFate } from './fates.js'
import type { HeldSession } from './held-session.js'
import { onIdle } from './idle.js'
import type { Place } from './place.js'
import { removedKeys } from './removed-keys.js'
import { resume } from './resume.js'

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
      return atTime(now, expiry - leadSecs * 1000, () => {
        if (!isOver()) happened()
      })
    case 'expired':
      return atTime(now, expiry, () => {
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
