import { type SetCookie, stringifySetCookie } from 'cookie'
import { toBase64url } from '../base/base64.js'
import { isBytes } from '../base/bytes.js'
import { functionOption, type ReadValue, readOptions, required, setting, wrong } from '../base/options.js'
import { type Clock, systemClock } from '../base/time.js'
import type { CookieStoreOptions } from './cookie-store.js'
/** What all cookies of a store have in common. */
export interface CookieForm {
  readonly prefix: string
  readonly attributes: Omit<SetCookie, 'name' | 'value'>
  /** The first seals, all of them open. */
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  readonly maxAgeSecs: number | undefined
  readonly now: Clock
}

const TOKEN = /^[-!#$%&'*+.^_`|~0-9A-Za-z]*$/

const SECRET_BYTES = 32

const secretOption: ReadValue<CookieForm['secrets']> = (value, name) => {
  const form = `${SECRET_BYTES} random bytes or more, as a Uint8Array, or a list of such, the one that seals first`
  const [first, ...others]: unknown[] = Array.isArray(value) ? value : [value]
  if (!isSecret(first) || !others.every(isSecret)) throw wrong(name, form)
  return [new Uint8Array(first), ...others.map((secret) => new Uint8Array(secret))]
}

function isSecret(value: unknown): value is Uint8Array {
  // Bytes that are all the same were never random: an array that nobody has filled.
  return isBytes(value) && value.length >= SECRET_BYTES && value.some((byte) => byte !== value[0])
}

const text: ReadValue<string> = (value, name) => {
  if (typeof value === 'string') return value
  throw wrong(name, 'a string')
}

const READERS = {
  secret: required(secretOption),
  prefix: setting(text),
  path: setting(text),
  domain: setting(text),
  sameSite: setting((value: unknown): 'lax' | 'strict' | 'none' => {
    if (value === 'lax' || value === 'strict' || value === 'none') return value
    throw wrong('sameSite', '"lax", "strict" or "none"')
  }),
  secure: setting((value: unknown): boolean => {
    if (typeof value === 'boolean') return value
    throw wrong('secure', 'true or false')
  }),
  maxAgeSecs: setting((value: unknown): number => {
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
    throw wrong('maxAgeSecs', 'a positive whole number of seconds')
  }),
  now: setting(functionOption<Clock>('a function that gives milliseconds since 1970, as Date.now does')),
}

/** Reads the options. Throws a `TypeError` that names the wrong one. */
export function cookieForm(options: CookieStoreOptions): CookieForm {
  const given = readOptions(options, READERS)
  const { secret: secrets, path = '/', domain, sameSite = 'lax', secure = true, maxAgeSecs } = given
  const { prefix = strictestPrefix(path, domain, secure), now = systemClock } = given
  if (!TOKEN.test(prefix))
    throw new TypeError('prefix must be of characters that cookies may have in their names')
  if (!path.startsWith('/')) throw new TypeError('path must begin with a slash')
  // What browsers would silently refuse.
  if (sameSite === 'none' && !secure) throw new TypeError('sameSite "none" needs secure')
  const [isHost, isSecure] = ['__host-', '__secure-'].map((start) => prefix.toLowerCase().startsWith(start))
  if ((isSecure && !secure) || (isHost && strictestPrefix(path, domain, secure) !== '__Host-'))
    throw new TypeError('a prefix of __Host- or __Secure- needs secure, and __Host- no domain and the path /')
  const attributes = { path, ...(domain !== undefined && { domain }), httpOnly: true, secure, sameSite }
  // Throws for what can't be written.
  stringifySetCookie({ name: 'x', value: '', ...attributes })
  return { prefix, attributes, secrets, maxAgeSecs, now }
}

function strictestPrefix(path: string, domain: string | undefined, secure: boolean): string {
  if (!secure) return ''
  return path === '/' && domain === undefined ? '__Host-' : '__Secure-'
}

// A value longer than a cookie is cut up. Each part says which writing it is of and how many parts that has, so that parts
// of two writings are never taken for one value.
const PART = /^([-\w]{8})\.([1-9])\.([^;,\s"\\]*)$/
const ID_LENGTH = 6

/** Characters of a part that are not the value's. */
export const PART_OVERHEAD: number = 'xxxxxxxx.1.'.length

/** The parts of a value, each with at most `room` characters of it. */
export function splitIntoParts(value: string, room: number): string[] {
  const text = encodeURIComponent(value)
  const count = Math.max(1, Math.ceil(text.length / room))
  const id = toBase64url(crypto.getRandomValues(new Uint8Array(ID_LENGTH)))
  return Array.from({ length: count }, (_, i) => `${id}.${count}.${text.slice(i * room, (i + 1) * room)}`)
}

/** The value whose parts these are, from the first on; `undefined` if one is missing, foreign or of another writing. */
export function joinParts(partAt: (index: number) => string | undefined): string | undefined {
  const [, id, count] = PART.exec(partAt(0) ?? '') ?? []
  let text = ''
  for (let i = 0; i < Number(count ?? 1); i++) {
    const [, idHere, countHere, piece = ''] = PART.exec(partAt(i) ?? '') ?? []
    if (id === undefined || idHere !== id || countHere !== count) return undefined
    text += piece
  }
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
