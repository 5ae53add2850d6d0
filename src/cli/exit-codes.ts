import { SessionError, type SessionErrorCode } from '../base/errors.js'

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
