import type { Command } from 'commander'
import { usageError } from './exit-codes.js'
import { looksLikeSecret, readSecretFile, secretArgument } from './read-file.js'
import { readStdin } from './stdin.js'

/** What is secret, by the name that its options begin with. */
export type SecretName = 'key' | 'password' | 'session'

/** The three places a secret may come from, as commander gives them. */
export type SecretOptions = {
  readonly [option in `${SecretName}${'File' | 'Env'}`]?: string
} & { readonly [option in `${SecretName}Stdin`]?: boolean }

const WORDS = { key: 'the private key', password: 'the password', session: 'the session string' } as const

/** Adds the options by which a secret is given; as an argument it never is. */
export function addSecretOptions(command: Command, name: SecretName, purpose = ''): Command {
  const what = `${WORDS[name]}${purpose}`
  return command
    .option(`--${name}-file <path>`, `read ${what} from a file`)
    .option(`--${name}-env <name>`, `from an environment variable`)
    .option(`--${name}-stdin`, 'from stdin')
}

/** The secret, from the one place that the options name; `undefined` if they name none. Ends the command for several. */
export async function readSecret(options: SecretOptions, name: SecretName): Promise<string | undefined> {
  const [file, variable, stdin] = [options[`${name}File`], options[`${name}Env`], options[`${name}Stdin`]]
  const what = WORDS[name]
  if ([file, variable, stdin].filter((place) => place !== undefined).length > 1)
    throw usageError(`${what} can come from one place only: --${name}-file, --${name}-env or --${name}-stdin`)
  const text = await textFrom(file, variable, stdin, what)
  if (text === '') throw usageError(`${what} is empty`)
  return text
}

/** The same for a secret that is needed. */
export async function readNeededSecret(options: SecretOptions, name: SecretName): Promise<string> {
  const secret = await readSecret(options, name)
  if (secret !== undefined) return secret
  throw usageError(`${WORDS[name]} is needed: give --${name}-file, --${name}-env or --${name}-stdin`)
}

async function textFrom(
  file: string | undefined,
  variable: string | undefined,
  stdin: boolean | undefined,
  what: string,
): Promise<string | undefined> {
  if (file !== undefined) return lineless(await readSecretFile(file, what))
  if (stdin) return lineless(await readStdin(what))
  if (variable === undefined) return undefined
  if (looksLikeSecret(variable)) throw secretArgument(what)
  const value = process.env[variable]
  if (value !== undefined) return value
  throw usageError(`${what}: the environment variable ${variable} is not set`)
}

// Editors and `echo` end a line; that is no part of it.
function lineless(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/\r?\n$/, '')
}
