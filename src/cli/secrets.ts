import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Command } from 'commander'
import { looksLikeSecret, readSecretFile, readStdin, secretArgument } from './input.js'
import { usageError } from './output.js'
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

// Names under which people would give a secret as an argument.
const NAMES = /^--(?:(?:private-?)?key|secret|seed|password|session|mnemonic)(?:=|$)/i
// Whose values may be anything: what a request says, and what a server chose.
const OF_REQUESTS: ReadonlySet<string> = new Set(['-d', '--data', '--json', '-H', '--header'])
const OF_OTHERS: ReadonlySet<string> = new Set(['--nonce'])

/** Ends the command if a secret stands among its arguments. It is never repeated. */
export function refuseSecrets(args: readonly string[]): void {
  const free = args[0] === 'request' ? OF_REQUESTS : OF_OTHERS
  args.forEach((arg, i) => {
    const [, name = '', value = arg] = /^(--?[-a-z]+)=(.*)$/is.exec(arg) ?? []
    if (free.has(args[i - 1] ?? '') || free.has(name)) return
    if (NAMES.test(arg) || looksLikeSecret(value)) throw secretArgument('what looks like a secret')
  })
}

/** Which kind of account a private key stands for. */
export const KEY_TYPES = ['ethereum', 'solana', 'ed25519', 'p256', 'secp256k1'] as const
export type AccountKeyType = (typeof KEY_TYPES)[number]

/** 32 bytes, and what for. */
export interface PrivateKey {
  readonly type: AccountKeyType
  readonly secret: Uint8Array<ArrayBuffer>
}

// The kinds of key that PEM has, and those that they can be taken for.
const PEM_TYPES: ReadonlyMap<string, readonly [AccountKeyType, ...AccountKeyType[]]> = new Map([
  ['Ed25519', ['ed25519', 'solana']],
  ['P-256', ['p256']],
  ['secp256k1', ['ethereum', 'secp256k1']],
])

/**
 * Reads a private key: 32 bytes in hex, PEM, or Solana's array of 64 numbers. Ends the command for anything else, without
 * repeating it.
 */
export function parsePrivateKey(input: string, wanted: AccountKeyType | undefined): PrivateKey {
  const text = input.trim()
  if (text.startsWith('-----BEGIN')) return fromPEM(text, wanted)
  if (text.startsWith('[')) return fromNumbers(text, wanted)
  if (/^(0x)?[0-9a-f]{64}$/i.test(text))
    return { type: wanted ?? 'ethereum', secret: Uint8Array.from(Buffer.from(text.slice(-64), 'hex')) }
  throw noKey()
}

function fromPEM(text: string, wanted: AccountKeyType | undefined): PrivateKey {
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    throw usageError("the private key's PEM can't be read: is it encrypted, or not a private key?")
  }
  const { crv = '', d } = isExportable(key) ? key.export({ format: 'jwk' }) : {}
  const types = PEM_TYPES.get(crv)
  if (types === undefined || d === undefined)
    throw usageError('a private key in PEM must be of Ed25519, P-256 or secp256k1')
  const [first] = types
  const type = wanted ?? first
  if (!types.includes(type)) throw usageError(`the private key is of ${crv}, which is not of type ${type}`)
  return { type, secret: Uint8Array.from(Buffer.from(d, 'base64url')) }
}

function isExportable({ asymmetricKeyType }: KeyObject): boolean {
  return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ec'
}

// As Solana's tools write it: the seed, and the public key.
function fromNumbers(text: string, wanted: AccountKeyType | undefined): PrivateKey {
  let numbers: unknown
  try {
    numbers = JSON.parse(text)
  } catch {
    throw noKey()
  }
  const isByte = (n: unknown): n is number => Number.isInteger(n) && Number(n) >= 0 && Number(n) < 256
  if (!Array.isArray(numbers) || numbers.length !== 64 || !numbers.every(isByte)) throw noKey()
  const type = wanted ?? 'solana'
  if (type !== 'solana' && type !== 'ed25519')
    throw usageError(`the private key is one of Solana's, which is not of type ${type}`)
  return { type, secret: Uint8Array.from(numbers.slice(0, 32)) }
}

function noKey(): Error {
  return usageError(
    "what was given as the private key is none: it must be 32 bytes in hex, PEM, or Solana's array of 64 numbers",
  )
}
