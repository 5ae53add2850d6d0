import { fromBase64url } from '../base/base64.js'
import { fromUtf8 } from '../base/utf8.js'
import type { Cacao } from '../capability/cacao.js'
import { decodeDagJSON } from '../capability/dag-json.js'
import { parseToken, tokenOf } from '../http/token.js'
import { readSession } from '../session/session-string.js'
import { CommandError, EXIT, usageError } from './exit-codes.js'
import { looksLikeSecret, readNamedFile, secretArgument } from './read-file.js'
import { type SignedHeaders, signedHeaders } from './signed-headers.js'
import { readStdin } from './stdin.js'

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
