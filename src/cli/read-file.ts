import { readFile, stat } from 'node:fs/promises'
import { CommandError, EXIT, usageError } from './exit-codes.js'
import { tell } from './output.js'

const READABLE_BY_OTHERS = 0o044

// A key in hex, Solana's array of numbers, a session string, and PEM.
const SECRETS = [/^(0x)?[0-9a-f]{64}$/i, /^\[\s*\d+\s*(,\s*\d+\s*){15,}/, /^eyJ[-\w.]{40,}$/, /-----BEGIN/]

/** A file that the person named. Ends the command if it can't be read; the message names it only if it is a path. */
export async function readNamedFile(path: string, what: string): Promise<Buffer> {
  if (looksLikeSecret(path)) throw secretArgument(what)
  try {
    return await readFile(path)
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new CommandError(EXIT.usage, `can't read ${what} from ${path}: ${code}`, { cause })
  }
}

/** The same for a secret: says so if others than its owner can read the file. */
export async function readSecretFile(path: string, what: string): Promise<Buffer> {
  const bytes = await readNamedFile(path, what)
  const { mode, ...stats } = await stat(path)
  const isOpen = process.platform !== 'win32' && (mode & READABLE_BY_OTHERS) !== 0
  if (isOpen && (mode & 0o170000) === 0o100000 && stats.size > 0)
    tell(`cacao-session: warning: others can read ${path}: chmod 600 ${path}`)
  return bytes
}

/** Whether an argument is no path or name, but a secret itself: then it must not be repeated. */
export function looksLikeSecret(text: string): boolean {
  const own = text.trim()
  return SECRETS.some((form) => form.test(own))
}

/** A secret stands in the command line. */
export function secretArgument(what: string): CommandError {
  return usageError(
    `${what} was given as an argument, where the shell's history and every process of this machine can see it: give it in a file, an environment variable or on stdin, and replace it if it is of value`,
  )
}
