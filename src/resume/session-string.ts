import { abortable, throwIfAborted } from '../base/abort.js'
import { fromUtf8, utf8 } from '../base/bytes.js'
import { systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { fromBase64, fromBase64url, toBase64, toBase64url } from '../base/multibase.js'
import { isBytes } from '../base/options.js'
import type { Cacao } from '../capability/cacao.js'
import { assertValidAt, validityAt } from '../capability/cacao.js'
import { containsBytes, decodeDagJSON, encodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { SEED_LENGTH, seedKey } from '../key/generate-key.js'
import { subtleCrypto } from '../key/session-key.js'
import { fromSessionOptions, serializeOptions } from '../options/read-grant-options.js'
import type { FromSessionOptions, SerializeOptions } from '../options/session-options.js'
import type { Persistence, SessionData } from '../store/store.js'
import { assertTrusted } from './trust.js'

// Characters: enough for a chain in which each capability has the maximum of resources.
const MAX_LENGTH = 400_000

/**
 * Writes a session as a string, exactly as did-session 4 does: base64url of `{"sessionKeySeed":…,"cacao":…}`. A capability with bytes,
 * such as a passkey's, is written as DAG-JSON, because JSON can't contain bytes.
 */
export function writeSession(seed: Uint8Array, cacao: Cacao): string {
  const session = { sessionKeySeed: toBase64(seed), cacao }
  return toBase64url(utf8(containsBytes(cacao) ? encodeDagJSON(session) : JSON.stringify(session)))
}

/**
 * Reads a session string, with a password if it was encrypted. Rejects with `ERR_SESSION_STRING` if the string is malformed or the
 * password is wrong, `ERR_CAPABILITY_INVALID` if the capability is malformed, `ERR_CAPABILITY_AUDIENCE` if it was granted to another
 * key than the string's, `ERR_CAPABILITY_NOT_YET_VALID`, and with the codes of the checks that `verifiers`, `domains` and `revocation`
 * ask for. An expired session is returned.
 */
export async function readSession(
  text: string,
  options: FromSessionOptions = {},
): Promise<SessionData & { readonly seed: Uint8Array }> {
  const { now = systemClock, signal, password, ...checks } = fromSessionOptions(options)
  throwIfAborted(signal)
  // A key from a seed can sign without WebCrypto in some engines, but requests with a body can't be signed without it.
  subtleCrypto()
  const { sessionKeySeed, cacao: unchecked } = parts(await plainText(text, password))
  const seed = typeof sessionKeySeed === 'string' ? fromBase64(sessionKeySeed) : undefined
  if (seed?.length !== SEED_LENGTH) throw notASession('its key is not a seed of 32 bytes')
  const cacao = parseCacao(unchecked)
  const key = await seedKey(seed, cacao.p.aud)
  if (cacao.p.aud !== key.did) {
    throw new SessionError(
      'ERR_CAPABILITY_AUDIENCE',
      'the capability in the session string was granted to another key',
    )
  }
  await abortable(assertTrusted(cacao, checks, now()), signal)
  if (validityAt(cacao, now()) !== 'expired') assertValidAt(cacao, now())
  return { key, cacao, seed, persistence: 'none', serialize: () => writeSession(seed, cacao) }
}

/** The session of a stored seed; `undefined` unless the capability was granted to its key. */
export async function sessionOfSeed(
  stored: unknown,
  cacao: Cacao,
  persistence: Persistence,
): Promise<SessionData | undefined> {
  if (!isBytes(stored) || stored.length !== SEED_LENGTH) return undefined
  const seed = new Uint8Array(stored)
  const key = await seedKey(seed, cacao.p.aud)
  if (key.did !== cacao.p.aud) return undefined
  return { key, cacao, persistence, serialize: () => writeSession(seed, cacao) }
}

/** The session string encrypted under a password, as a JWE. Throws a `TypeError` unless the password is a non-empty string. */
export async function encrypted(text: string, options: SerializeOptions): Promise<string> {
  const { password } = serializeOptions(options)
  const { encryptString } = await import('./encrypted-string.js')
  return encryptString(text, password)
}

async function plainText(text: string, password: string | undefined): Promise<string> {
  if (typeof text !== 'string') throw new TypeError('a serialized session must be a string')
  // Dots separate the parts of a JWE. A session string has none.
  const isEncrypted = text.includes('.')
  if (password === undefined && !isEncrypted) return text
  if (password === undefined) throw notASession('it is encrypted: give the password')
  const { decryptString } = await import('./encrypted-string.js')
  const plain = await decryptString(text, password)
  if (plain !== undefined) return plain
  throw notASession(
    isEncrypted
      ? "it can't be decrypted: check the password, and that the string is unchanged"
      : 'it is not encrypted: leave the password out',
  )
}

function parts(text: string): { sessionKeySeed?: unknown; cacao?: unknown } {
  const bytes = text.length > MAX_LENGTH ? undefined : fromBase64url(text)
  const json = bytes && fromUtf8(bytes)
  const value = json === undefined ? undefined : decodeDagJSON(json)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw notASession(
      // Text files and the output of commands end with a line break.
      text === text.trim() ? 'it is not base64url of JSON' : 'it has spaces or line breaks around it',
    )
  const unknown = Object.keys(value).find((name) => name !== 'sessionKeySeed' && name !== 'cacao')
  if (unknown !== undefined) throw notASession('it has unknown members')
  return value
}

// The message must not contain the string, because it has a secret key in it.
function notASession(why: string): SessionError {
  return new SessionError(
    'ERR_SESSION_STRING',
    `not a serialized session: ${why}; pass the whole string that serialize() returned, unchanged`,
  )
}
