import { styleText } from 'node:util'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'

/** The exit codes of all commands. `EXIT_CODES_HELP` describes them for people. */
export const EXIT = {
  done: 0,
  /** The input is malformed, forged or not accepted, or something else failed. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** There is no usable session: none is stored, or it has expired. */
  noSession: 3,
  /** A server cannot be reached, or answered with an error or a redirect. */
  server: 4,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

export const EXIT_CODES_HELP = `Exit codes:
  0  done
  1  the input is malformed, forged or not accepted, or something else failed
  2  the command line is wrong
  3  there is no usable session: none is stored, or it has expired
  4  a server cannot be reached, or answered with an error (400 and above) or a redirect
  130  interrupted`

/** Ends the command with an exit code. The message is printed unless it is empty. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

/** The error for a wrong command line. */
export function usageError(message: string): CommandError {
  return new CommandError(EXIT.usage, message)
}

/** Returns the exit code for an error of a command. The library throws a `TypeError` for a wrong argument. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode
  if (error instanceof SessionError) return exitCodeFor(error.code)
  return error instanceof TypeError ? EXIT.usage : EXIT.refused
}

/** Returns the exit code for the code of a `SessionError`. */
export function exitCodeFor(code: SessionErrorCode): ExitCode {
  return EXIT_CODES.get(code) ?? EXIT.refused
}

const EXIT_CODES: ReadonlyMap<SessionErrorCode, ExitCode> = new Map([
  ['ERR_CAPABILITY_EXPIRED', EXIT.noSession],
  ['ERR_SESSION_REMOVED', EXIT.noSession],
  ['ERR_RPC_UNAVAILABLE', EXIT.server],
  ['ERR_REVOCATION_FAILED', EXIT.server],
])

/** Prints a line of the result to stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints a value as JSON to stdout. Hidden characters are escaped. */
export function printJSON(value: unknown): void {
  const escaped = (character: string): string =>
    character === '\n' ? character : character.split('').map(escapedUnit).join('')
  print(withoutHidden(JSON.stringify(value, undefined, 2), escaped))
}

// JSON escapes a character beyond U+FFFF as two code units.
function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Prints a message for the person to stderr. Anything that looks like a secret key is left out. */
export function tell(text: string): void {
  process.stderr.write(`${shown(withoutSecrets(text))}\n`)
}

// A private key or a seed in hex, Solana's array of numbers, a seed in base64, and the beginning of a session string.
const SECRET_PATTERN =
  /\b(?:0x)?[0-9a-f]{64}\b|\[\s*\d+(?:\s*,\s*\d+){15,}|(?<![\w+/])[\w+/-]{43}=|\beyJ[-\w.]{20,}/gi

function withoutSecrets(text: string): string {
  return text.replace(SECRET_PATTERN, '…')
}

/**
 * Escapes characters that a terminal would execute or would not show, such as control characters and characters that
 * change the direction of text: `\u{202e}`. For texts that come from outside.
 */
export function shown(text: string): string {
  const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  return withoutHidden(text, (character) => (character === '\n' ? character : escaped(character)))
}

/** Colours a text if stdout is a terminal that supports colours (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

type Style = Parameters<typeof styleText>[0]

/** Formats a time for people: in UTC, and relative to `now` (milliseconds since 1970). */
export function timeInWords(time: Date, now: number): string {
  const secs = Math.round((time.getTime() - now) / 1000)
  const [unit, size] = TIME_UNITS.find(([, size]) => Math.abs(secs) >= 2 * size) ?? TIME_UNITS[3]
  const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(
    Math.round(secs / size),
    unit,
  )
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${relative}`
}

const TIME_UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** Parses a duration such as `7d` and returns it in seconds. Ends the command if it is malformed. */
export function durationSecs(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? []
  const secs =
    count === undefined ? 0 : Number(count) * SECONDS_PER_UNIT[unit as keyof typeof SECONDS_PER_UNIT]
  if (secs > MOST_SECS) throw usageError(`"${text}" is too long a duration: 100 years (36500d) at most`)
  if (secs > 0) return secs
  throw usageError(
    `"${text}" is not a duration: write a number and s, m, h, d or w, such as 90s, 30m, 12h or 7d`,
  )
}

// No time after the year 9999 can be written in a capability.
const MOST_SECS = 36_500 * 86_400
const SECONDS_PER_UNIT = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
const DURATION = /^([1-9][0-9]{0,8})([smhdw])$/
