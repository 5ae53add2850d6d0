import { type Clock, pageStorage } from './environment.js'
import type { scheduleAt } from './schedule.js'

const INPUT = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
// The time of the last input in any tab, in milliseconds since 1970.
const ITEM = 'cacao-session:active'
// Every movement of a pointer is input, but not each needs to be written.
const WRITE_EVERY_MS = 1000

/** For how long there must be no input, and what tells the time. */
export interface InputWatch {
  readonly now: Clock
  readonly idleSecs: number
  /** When the person signed in, in milliseconds since 1970: no time before that counts. */
  readonly since: number
  /** Handed in, because a page that gets here has loaded it. */
  readonly scheduleAt: typeof scheduleAt
}

/**
 * Calls back when there has been no input in any tab of the origin for `idleSecs`, and again after each new activity. Time
 * without any open tab counts too. Where there is no page there is no input, and only the time since the call counts. Returns a
 * function that stops it.
 */
export function watchInput(
  { now, idleSecs, since, scheduleAt }: InputWatch,
  callback: () => void,
): () => void {
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
