import { type Clock, pageStorage } from './environment.js'
import type { scheduleAt } from './schedule.js'

const INPUT = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const
// The time of the last input in any tab, in milliseconds since 1970.
const ITEM = 'cacao-session:active'
// Every movement of the pointer is input, but the time need not be written for each.
const WRITE_EVERY_MS = 1000

/** Options of `watchInput`. */
export interface InputWatch {
  readonly now: Clock
  readonly idleSecs: number
  /** When the person signed in, in milliseconds since 1970. The idle time never begins earlier. */
  readonly since: number
  /** Passed in instead of imported, because the page has already loaded it in another file. */
  readonly scheduleAt: typeof scheduleAt
}

/**
 * Calls `callback` when there has been no input in any tab of the origin for `idleSecs`, and again each time this
 * happens after new input. Time without an open tab counts as idle. Outside of a page there is no input, so the idle
 * time begins with this call. Returns a function that stops watching.
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
  const onInput = (): void => {
    last = now()
    if (last - written >= WRITE_EVERY_MS) {
      written = last
      noteInput(last)
    }
    if (isIdle) wait()
    isIdle = false
  }
  const target = typeof document === 'undefined' ? undefined : document
  for (const type of INPUT) target?.addEventListener(type, onInput, { capture: true, passive: true })
  if (stored === undefined) noteInput(last)
  wait()
  return () => {
    stopTimer()
    for (const type of INPUT) target?.removeEventListener(type, onInput, { capture: true })
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
    // The browser forbids storage, so each tab only counts its own input.
  }
}
