import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Command } from 'commander'
import { looksLikeSecret, readSecretFile, readStdin, secretArgumentError } from './input.js'
import { usageError } from './output.js'

/** A kind of secret, by the prefix of its options. */
export type SecretName = 'key' | 'password' | 'session'

/** The options that say where to read a secret (a file, an environment variable or stdin), as commander parses them. */
export type SecretOptions = {
  readonly [option in `${SecretName}${'File' | 'Env'}`]?: string
} & { readonly [option in `${SecretName}Stdin`]?: boolean }

const DESCRIPTIONS = {
  key: 'the private key',
  password: 'the password',
  session: 'the session string',
} as const

/** Adds the options that say where to read a secret. No option takes the secret itself as an argument. */
export function addSecretOptions(command: Command, name: SecretName, purpose = ''): Command {
  const what = `${DESCRIPTIONS[name]}${purpose}`
  return command
    .option(`--${name}-file <path>`, `read ${what} from a file`)
    .option(`--${name}-env <name>`, `from an environment variable`)
    .option(`--${name}-stdin`, 'from stdin')
}

/**
 * Reads a secret from the place that the options name. Returns `undefined` if they name no place, and ends the command
 * if they name several.
 */
export async function readSecret(options: SecretOptions, name: SecretName): Promise<string | undefined> {
  const [file, variable, stdin] = [options[`${name}File`], options[`${name}Env`], options[`${name}Stdin`]]
  const what = DESCRIPTIONS[name]
  if ([file, variable, stdin].filter((place) => place !== undefined).length > 1)
    throw usageError(
      `${what} can only come from one place: give either --${name}-file, --${name}-env or --${name}-stdin`,
    )
  const text = await textFrom(file, variable, stdin, what)
  if (text === '') throw usageError(`${what} is empty: check the file, the environment variable or stdin`)
  return text
}

/** Like `readSecret`, but ends the command if the options name no place. */
export async function readNeededSecret(options: SecretOptions, name: SecretName): Promise<string> {
  const secret = await readSecret(options, name)
  if (secret !== undefined) return secret
  throw usageError(`${DESCRIPTIONS[name]} is needed: give --${name}-file, --${name}-env or --${name}-stdin`)
}

async function textFrom(
  file: string | undefined,
  variable: string | undefined,
  stdin: boolean | undefined,
  what: string,
): Promise<string | undefined> {
  if (file !== undefined) return withoutLineEnd(await readSecretFile(file, what))
  if (stdin) return withoutLineEnd(await readStdin(what))
  if (variable === undefined) return undefined
  if (looksLikeSecret(variable)) throw secretArgumentError(what)
  const value = process.env[variable]
  if (value !== undefined) return value
  throw usageError(`${what}: the environment variable ${variable} is not set`)
}

// Editors and `echo` add a line break at the end, and Windows a byte order mark at the beginning. They are not part of the secret.
function withoutLineEnd(bytes: Buffer): string {
  return bytes.toString('utf8').replace(/^\ufeff|\r?\n$/g, '')
}

// People might try these options to give a secret as an argument. None of them exists.
const SECRET_OPTIONS = /^--(?:(?:private-?)?key|secret|seed|password|session|mnemonic)(?:=|$)/i
// The values of these options may look like a secret: the content of a request, and a nonce from a server.
const REQUEST_OPTIONS: ReadonlySet<string> = new Set(['-d', '--data', '--json', '-H', '--header'])
const OTHER_OPTIONS: ReadonlySet<string> = new Set(['--nonce'])

/** Ends the command if an argument looks like a secret. The message does not repeat the argument. */
export function refuseSecrets(args: readonly string[]): void {
  const exempt = args[0] === 'request' ? REQUEST_OPTIONS : OTHER_OPTIONS
  args.forEach((arg, i) => {
    const [, name = '', value = arg] = /^(--?[-a-z]+)=(.*)$/is.exec(arg) ?? []
    if (exempt.has(args[i - 1] ?? '') || exempt.has(name)) return
    if (SECRET_OPTIONS.test(arg) || looksLikeSecret(value))
      throw secretArgumentError('something that looks like a secret')
  })
}

/** The kinds of account that a private key can belong to. */
export const KEY_TYPES = ['ethereum', 'solana', 'ed25519', 'p256', 'secp256k1'] as const
export type AccountKeyType = (typeof KEY_TYPES)[number]

/** A private key of 32 bytes, and the kind of its account. */
export interface PrivateKey {
  readonly type: AccountKeyType
  readonly secret: Uint8Array<ArrayBuffer>
}

// For each kind of key in PEM, the types of account that it can belong to. The first is the default.
const PEM_TYPES: ReadonlyMap<string, readonly [AccountKeyType, ...AccountKeyType[]]> = new Map([
  ['Ed25519', ['ed25519', 'solana']],
  ['P-256', ['p256']],
  ['secp256k1', ['ethereum', 'secp256k1']],
])

/**
 * Parses a private key: 32 bytes in hex, PEM, or Solana's array of 64 numbers. Ends the command for anything else; the
 * message does not repeat the input.
 */
export function parsePrivateKey(input: string, wanted: AccountKeyType | undefined): PrivateKey {
  const text = input.trim()
  if (text.startsWith('-----BEGIN')) return parsePEM(text, wanted)
  if (text.startsWith('[')) return parseNumbers(text, wanted)
  if (/^(0x)?[0-9a-f]{64}$/i.test(text))
    return { type: wanted ?? 'ethereum', secret: Uint8Array.from(Buffer.from(text.slice(-64), 'hex')) }
  throw invalidKeyError()
}

function parsePEM(text: string, wanted: AccountKeyType | undefined): PrivateKey {
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    throw usageError(
      "the private key's PEM cannot be read: check that it is a private key and that it is not encrypted",
    )
  }
  const { crv = '', d } = isExportable(key) ? key.export({ format: 'jwk' }) : {}
  const types = PEM_TYPES.get(crv)
  if (types === undefined || d === undefined)
    throw usageError('a private key in PEM must be an Ed25519, P-256 or secp256k1 key')
  const [first] = types
  const type = wanted ?? first
  if (!types.includes(type))
    throw usageError(
      `the private key is a ${crv} key, which cannot be used as type ${type}: change --key-type`,
    )
  return { type, secret: Uint8Array.from(Buffer.from(d, 'base64url')) }
}

function isExportable({ asymmetricKeyType }: KeyObject): boolean {
  return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ec'
}

// Solana's tools write the 32 bytes of the seed, followed by the 32 bytes of the public key.
function parseNumbers(text: string, wanted: AccountKeyType | undefined): PrivateKey {
  let numbers: unknown
  try {
    numbers = JSON.parse(text)
  } catch {
    throw invalidKeyError()
  }
  const isByte = (n: unknown): n is number => Number.isInteger(n) && Number(n) >= 0 && Number(n) < 256
  if (!Array.isArray(numbers) || numbers.length !== 64 || !numbers.every(isByte)) throw invalidKeyError()
  const type = wanted ?? 'solana'
  if (type !== 'solana' && type !== 'ed25519')
    throw usageError(
      `the private key is a Solana key, which cannot be used as type ${type}: change --key-type`,
    )
  return { type, secret: Uint8Array.from(numbers.slice(0, 32)) }
}

function invalidKeyError(): Error {
  return usageError(
    "the private key is malformed: it must be 32 bytes in hex, PEM, or Solana's array of 64 numbers",
  )
}
