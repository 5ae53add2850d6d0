import { atTime } from '../base/alarm.js'
import type { Clock } from '../base/clock.js'
import { pageStorage } from '../base/page-storage.js'

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
export function onIdle(now: Clock, idleSecs: number, since: number, callback: () => void): () => void {
  const stored = lastInput()
  let last = Math.min(stored === undefined ? now() : Math.max(stored, since), now())
  let written = Number.NEGATIVE_INFINITY
  let isIdle = false
  let stopAlarm = (): void => undefined
  const wait = (): void => {
    stopAlarm = atTime(now, last + idleSecs * 1000, due)
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
