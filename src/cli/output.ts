import { styleText } from 'node:util'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
/** What a command's exit code says; the help of the whole has it too. */
export const EXIT = {
  done: 0,
  /** What was read is malformed, forged or not accepted, or something else failed. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** There is no session to act with: none is stored, or it has expired. */
  noSession: 3,
  /** A server can't be reached, or answered with an error or a redirection. */
  server: 4,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  what was read is malformed, forged or not accepted, or something else failed
  2  the command line is wrong
  3  no session to act with: none is stored, or it has expired
  4  a server can't be reached, or answered with an error (400 and above) or a redirection
  130  interrupted`

/** Ends the command with an exit code, and a message of its own unless all has been said. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** The command line is wrong. */
export function usageError(message: string): CommandError {
  return new CommandError(EXIT.usage, message)
}

const CODES: ReadonlyMap<SessionErrorCode, ExitCode> = new Map([
  ['ERR_CAPABILITY_EXPIRED', EXIT.noSession],
  ['ERR_SESSION_REMOVED', EXIT.noSession],
  ['ERR_RPC_UNAVAILABLE', EXIT.server],
  ['ERR_REVOCATION_FAILED', EXIT.server],
])

/** The exit code for what is wrong, by its code. */
export function exitCodeFor(code: SessionErrorCode): ExitCode {
  return CODES.get(code) ?? EXIT.refused
}

/** The exit code for what a command threw. The library throws a `TypeError` for a wrong argument. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode
  if (error instanceof SessionError) return exitCodeFor(error.code)
  return error instanceof TypeError ? EXIT.usage : EXIT.refused
}

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

type Style = Parameters<typeof styleText>[0]

// A private key or a seed in hex, Solana's array of numbers, a seed in base64, and the beginning of a session string.
const SECRET =
  /\b(?:0x)?[0-9a-f]{64}\b|\[\s*\d+(?:\s*,\s*\d+){15,}|(?<![\w+/])[\w+/-]{43}=|\beyJ[-\w.]{20,}/gi

/** Prints a line of what was asked for. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Tells the person something beside what was asked for. What looks like a secret key is never told. */
export function tell(text: string): void {
  process.stderr.write(`${shown(withoutSecrets(text))}\n`)
}

/** Prints a value as JSON. */
export function printJSON(value: unknown): void {
  const escaped = (character: string): string =>
    character === '\n' ? character : character.split('').map(escapedUnit).join('')
  print(withoutHidden(JSON.stringify(value, undefined, 2), escaped))
}

// As JSON has it, where a character beyond U+FFFF is two.
function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * A text from elsewhere, with what a terminal would obey rather than show (control characters, what turns the direction of a text),
 * and what it wouldn't show at all, as `\u{202e}`.
 */
export function shown(text: string): string {
  const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  return withoutHidden(text, (character) => (character === '\n' ? character : escaped(character)))
}

function withoutSecrets(text: string): string {
  return text.replace(SECRET, '…')
}

/** A text in colour if stdout is a terminal that wants colours (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
