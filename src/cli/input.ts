import { readFile, stat } from 'node:fs/promises'
import { fromUtf8 } from '../base/bytes.js'

import { fromBase64url } from '../base/multibase.js'
import type { Cacao } from '../capability/cacao.js'
import { decodeDagJSON } from '../capability/dag-json.js'
import type { CapabilityProblem } from '../capability/verify-cacao.js'
import { parseToken, tokenOf } from '../http/signature-profile.js'
import { readSession } from '../resume/session-string.js'
import { CommandError, EXIT, tell, usageError } from './output.js'

/** What a text contains. The seed of a session is not included. */
export type Input =
  | { readonly kind: 'session'; readonly cacao: Cacao }
  | { readonly kind: 'request'; readonly cacao: Cacao; readonly headers: SignedHeaders }
  /** Not parsed yet, so that the command can report what is wrong with it. */
  | { readonly kind: 'capability'; readonly value: unknown }
  | { readonly kind: 'jws'; readonly value: unknown }

/** Reads the text of a file, or of stdin if it is `-` or not given. */
export async function readText(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-' && looksLikeSecret(file)) throw secretArgumentError('the input')
  const bytes =
    file === undefined || file === '-' ? await readStdin('the input') : await readNamedFile(file, 'the input')
  const text = bytes.toString('utf8').trim()
  if (text !== '') return text
  throw unexpectedInput('empty')
}

/**
 * Recognises a session string (also an encrypted one), a capability in JSON, in DAG-JSON or as a token, the
 * headers of a signed request, or a JWS. Ends the command for anything else. For a session string it rejects
 * like `fromSession`.
 */
export async function parseInput(text: string, password: string | undefined): Promise<Input> {
  const input = await recognise(text, password)
  if (password === undefined || input.kind === 'session') return input
  throw usageError('a password only decrypts session strings, and the input is not an encrypted one')
}

async function recognise(text: string, password: string | undefined): Promise<Input> {
  const authorization = /^[<>* \t]*(?:authorization:\s*)?(CACAO\s+\S+)\s*$/im.exec(text)?.[1]
  if (authorization !== undefined)
    return { kind: 'request', cacao: parseToken(tokenOf(authorization)), headers: signedHeaders(text) }
  if (text.startsWith('{')) return recogniseJSON(decodeDagJSON(text))
  const parts = text.split('.').length
  if (parts === 3) return { kind: 'jws', value: text }
  const json =
    parts === 1 ? decodeDagJSON(fromUtf8(fromBase64url(text) ?? new Uint8Array()) ?? '') : undefined
  if (parts === 5 || (json && Object.hasOwn(json, 'sessionKeySeed'))) {
    const { cacao } = await readSession(text, password === undefined ? {} : { password })
    return { kind: 'session', cacao }
  }
  return recogniseJSON(json)
}

function recogniseJSON(value: unknown): Input {
  const has = (name: string): boolean =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  if (has('h') || has('p') || has('s')) return { kind: 'capability', value }
  if (has('signatures')) return { kind: 'jws', value }
  if (has('namespaces')) throw unexpectedInput('a file of stored sessions (use cacao-session list --store)')
  throw unexpectedInput('something else')
}

function unexpectedInput(what: string): CommandError {
  return new CommandError(
    EXIT.refused,
    `the input is ${what}: it must be a session string, a capability (JSON or token), the headers of a signed request, or a JWS`,
  )
}

/** What the headers of a request say about its signature. A member is absent if its parameter is missing. */
export interface SignedHeaders {
  readonly created?: Date
  readonly expires?: Date
  readonly keyDID?: string
}

/** Reads `Signature-Input` (RFC 9421) from headers as `curl -v` and browsers print them. Verifies nothing. */
function signedHeaders(text: string): SignedHeaders {
  const input = /^[<>* \t]*signature-input:(.*)$/im.exec(text)?.[1] ?? ''
  const time = (name: string): Date | undefined => {
    const secs = new RegExp(`;${name}=([0-9]{1,11})(?:;|$)`).exec(input.trim())?.[1]
    return secs === undefined ? undefined : new Date(Number(secs) * 1000)
  }
  const [created, expires] = [time('created'), time('expires')]
  const keyDID = /;keyid="(did:key:[^"#]+)/.exec(input)?.[1]
  return { ...(created && { created }), ...(expires && { expires }), ...(keyDID !== undefined && { keyDID }) }
}

/**
 * Returns the problems that a server would find in the headers: there is no signature, the key is not the one that
 * the capability was granted to, or the signature has expired.
 */
export function problemsOf(headers: SignedHeaders, audience: string, now: number): CapabilityProblem[] {
  const { expires, keyDID } = headers
  if (!expires || keyDID === undefined)
    return [
      {
        code: 'ERR_REQUEST_UNSIGNED',
        message: 'the capability came without a Signature-Input header: sign the request again',
      },
    ]
  const problems: CapabilityProblem[] = []
  if (keyDID !== audience)
    problems.push({
      code: 'ERR_CAPABILITY_AUDIENCE',
      message: `the request was signed by ${keyDID}, but the capability is for ${audience}`,
    })
  if (now >= expires.getTime())
    problems.push({ code: 'ERR_REQUEST_STALE', message: 'the signature has expired: sign the request again' })
  return problems
}

// For each stdin, the name of the input that was read from it.
const stdinReaders = new WeakMap<object, string>()

/**
 * Reads all of stdin. Ends the command if something was already read from stdin, or if stdin is a terminal, where a
 * person would have to type the input.
 */
export async function readStdin(what: string): Promise<Buffer> {
  const { stdin } = process
  const reader = stdinReaders.get(stdin)
  if (reader !== undefined) throw usageError(`${reader} and ${what} can't both be read from stdin`)
  stdinReaders.set(stdin, what)
  if (stdin.isTTY)
    throw usageError(`${what} is read from stdin, which is a terminal: pipe it in, or redirect a file`)
  const parts: Buffer[] = []
  for await (const part of stdin) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/**
 * Reads a file that the person named. Ends the command if it cannot be read. The message repeats the argument
 * only if it is a path.
 */
export async function readNamedFile(path: string, what: string): Promise<Buffer> {
  if (looksLikeSecret(path)) throw secretArgumentError(what)
  try {
    return await readFile(path)
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException
    throw new CommandError(EXIT.usage, `can't read ${what} from ${path}: ${code}`, { cause })
  }
}

const READABLE_BY_OTHERS = 0o044

/** Reads a file with a secret. Warns if other users can read the file. */
export async function readSecretFile(path: string, what: string): Promise<Buffer> {
  const bytes = await readNamedFile(path, what)
  const { mode, ...stats } = await stat(path)
  const isReadableByOthers = process.platform !== 'win32' && (mode & READABLE_BY_OTHERS) !== 0
  if (isReadableByOthers && (mode & 0o170000) === 0o100000 && stats.size > 0)
    tell(`cacao-session: warning: other users can read ${path}: run chmod 600 ${path}`)
  return bytes
}

// A private key in hex, Solana's array of numbers, a session string, and PEM.
const SECRET_PATTERNS = [
  /^(0x)?[0-9a-f]{64}$/i,
  /^\[\s*\d+\s*(,\s*\d+\s*){15,}/,
  /^eyJ[-\w.]{40,}$/,
  /-----BEGIN/,
]

/** Whether an argument looks like a secret instead of a path or a name. No message may repeat it then. */
export function looksLikeSecret(text: string): boolean {
  const own = text.trim()
  return SECRET_PATTERNS.some((form) => form.test(own))
}

/** The error for a secret in the command line. */
export function secretArgumentError(what: string): CommandError {
  return usageError(
    `${what} was given as an argument, which the shell's history stores and every process on this machine can see: give it in a file, an environment variable or on stdin, and replace it if it is valuable`,
  )
}
