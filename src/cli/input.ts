import { readFile, stat } from 'node:fs/promises'
import { fromBase64url } from '../base/base64.js'
import type { SessionErrorCode } from '../base/errors.js'
import { fromUtf8 } from '../base/utf8.js'
import type { Cacao } from '../capability/cacao.js'
import { decodeDagJSON } from '../capability/dag-json.js'
import type { CapabilityProblem } from '../capability/inspect-cacao.js'
import { parseToken, tokenOf } from '../http/signature-profile.js'
import { readSession } from '../resume/session-string.js'
import { CommandError, EXIT, tell, usageError } from './output.js'

// What has read it.
const readers = new WeakMap<object, string>()

/** All of stdin, which only one thing can be read from. Ends the command if a person would have to type it. */
export async function readStdin(what: string): Promise<Buffer> {
  const { stdin } = process
  const reader = readers.get(stdin)
  if (reader !== undefined) throw usageError(`${reader} and ${what} can't both be read from stdin`)
  readers.set(stdin, what)
  if (stdin.isTTY)
    throw usageError(`${what} is to be read from stdin, which is a terminal: pipe it, or redirect a file`)
  const parts: Buffer[] = []
  for await (const part of stdin) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

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

/** What the signature of a request says of itself, as far as it stands among the headers. */
export interface SignedHeaders {
  readonly created?: Date
  readonly expires?: Date
  readonly keyDID?: string
}

/** Reads `Signature-Input` (RFC 9421) among headers as curl -v and browsers show them. Nothing is verified. */
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

/** What a server would say of them: nothing is signed, by another key, or for another time. */
export function problemsOf(headers: SignedHeaders, audience: string, now: number): CapabilityProblem[] {
  const { expires, keyDID } = headers
  const problem = (code: SessionErrorCode, message: string): CapabilityProblem => ({ code, message })
  if (!expires || keyDID === undefined)
    return [
      problem(
        'ERR_REQUEST_UNSIGNED',
        'no Signature-Input stands beside the capability: sign the request anew',
      ),
    ]
  return [
    ...(keyDID === audience
      ? []
      : [
          problem(
            'ERR_CAPABILITY_AUDIENCE',
            `the request was signed by ${keyDID}, and the capability is for ${audience}`,
          ),
        ]),
    ...(now < expires.getTime()
      ? []
      : [
          problem(
            'ERR_REQUEST_STALE',
            'the signature was good for a minute, which is over: sign the request anew',
          ),
        ]),
  ]
}

/** What a text turned out to be. A session's seed is not part of it. */
export type Input =
  | { readonly kind: 'session'; readonly cacao: Cacao }
  | { readonly kind: 'request'; readonly cacao: Cacao; readonly headers: SignedHeaders }
  /** Not through the guard yet: what is wrong with it is to be told. */
  | { readonly kind: 'capability'; readonly value: unknown }
  | { readonly kind: 'jws'; readonly value: unknown }

/** The text of a file, or of stdin for `-` or none. */
export async function readText(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== '-' && looksLikeSecret(file)) throw secretArgument('the input')
  const bytes =
    file === undefined || file === '-' ? await readStdin('the input') : await readNamedFile(file, 'the input')
  const text = bytes.toString('utf8').trim()
  if (text !== '') return text
  throw unknown('nothing')
}

/**
 * Recognises a session string (encrypted too), a capability in JSON, DAG-JSON or as a token, the headers of a signed
 * request, and a JWS. Ends the command for anything else; rejects as `fromSession` does for a session string.
 */
export async function parseInput(text: string, password: string | undefined): Promise<Input> {
  const input = await recognised(text, password)
  if (password === undefined || input.kind === 'session') return input
  throw usageError('a password is for encrypted session strings, and this is none')
}

async function recognised(text: string, password: string | undefined): Promise<Input> {
  const authorization = /^[<>* \t]*(?:authorization:\s*)?(CACAO\s+\S+)\s*$/im.exec(text)?.[1]
  if (authorization !== undefined)
    return { kind: 'request', cacao: parseToken(tokenOf(authorization)), headers: signedHeaders(text) }
  if (text.startsWith('{')) return ofJSON(decodeDagJSON(text))
  const parts = text.split('.').length
  if (parts === 3) return { kind: 'jws', value: text }
  const json =
    parts === 1 ? decodeDagJSON(fromUtf8(fromBase64url(text) ?? new Uint8Array()) ?? '') : undefined
  if (parts === 5 || (json && Object.hasOwn(json, 'sessionKeySeed'))) {
    const { cacao } = await readSession(text, password === undefined ? {} : { password })
    return { kind: 'session', cacao }
  }
  return ofJSON(json)
}

function ofJSON(value: unknown): Input {
  const has = (name: string): boolean =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
  if (has('h') || has('p') || has('s')) return { kind: 'capability', value }
  if (has('signatures')) return { kind: 'jws', value }
  if (has('namespaces')) throw unknown('a file of stored sessions (see cacao-session list --store)')
  throw unknown('something else')
}

function unknown(what: string): CommandError {
  return new CommandError(
    EXIT.refused,
    `there is ${what} where a session string, a capability (JSON or token), the headers of a signed request, or a JWS is expected`,
  )
}
