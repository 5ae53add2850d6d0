import { usageError } from './exit-codes.js'

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
const DURATION = /^([1-9][0-9]{0,8})([smhdw])$/

/** The seconds of a duration such as `7d`. Ends the command for anything else. */
export function durationSecs(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? []
  if (count !== undefined && unit !== undefined) return Number(count) * UNITS[unit as keyof typeof UNITS]
  throw usageError(
    `"${text}" is no duration: write a number and s, m, h, d or w, such as 90s, 30m, 12h or 7d`,
  )
}

const STEPS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** A time for people: as UTC, and from now on. */
export function timeInWords(time: Date, now: number): string {
  const secs = Math.round((time.getTime() - now) / 1000)
  const [unit, size] = STEPS.find(([, size]) => Math.abs(secs) >= 2 * size) ?? STEPS[3]
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(
    Math.round(secs / size),
    unit,
  )
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${relative}`
}
