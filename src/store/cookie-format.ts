import { type SetCookie, serialize } from 'cookie'
import { type Clock, clockOption, systemClock } from '../base/environment.js'
import { toBase64url } from '../base/multibase.js'
import {
  booleanOption,
  isSecret,
  type ReadValue,
  readOptions,
  required,
  setting,
  wrong,
} from '../base/options.js'

/** How `cookieStore` writes its cookies. They are always `HttpOnly`. */
export interface CookieStoreOptions {
  /**
   * The secret of your servers: at least 32 random bytes, the same on each server. It encrypts and authenticates the cookies, so
   * that nobody else can read, change or make one. To change the secret, pass a list: new cookies are sealed with the first
   * secret, and cookies that were sealed with any secret of the list can be opened.
   */
  secret: Uint8Array | readonly Uint8Array[]
  /**
   * The prefix of the cookies' names. The default is the strictest prefix that browsers enforce and that fits the other
   * options: `__Host-`; `__Secure-` with a path or a domain; none if `secure` is false.
   */
  prefix?: string
  /** The path below which the cookies are sent; `/` by default. */
  path?: string
  /** The domain to which the cookies are sent, with its subdomains; only this host by default. */
  domain?: string
  /** Whether the cookies are sent with requests from other sites. By default `lax`: only when a person follows a link. */
  sameSite?: 'lax' | 'strict' | 'none'
  /** Whether the cookies are sent over HTTPS only (and to localhost, in most browsers); true by default. */
  secure?: boolean
  /** Seconds for which a browser keeps a cookie after it was written. By default, it keeps it until the last session expires. */
  maxAgeSecs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/** What all cookies of a store have in common. The first of the `secrets` seals; each of them can open. */
export interface CookieStoreSettings {
  readonly prefix: string
  readonly attributes: Omit<SetCookie, 'name' | 'value'>
  readonly secrets: readonly [Uint8Array, ...Uint8Array[]]
  readonly maxAgeSecs: number | undefined
  readonly now: Clock
}

const TOKEN = /^[-!#$%&'*+.^_`|~0-9A-Za-z]*$/

const secretOption: ReadValue<CookieStoreSettings['secrets']> = (value, name) => {
  const form =
    'a Uint8Array of at least 32 random bytes, such as Buffer.from(process.env.COOKIE_SECRET, "hex"), or a list of them, whose first one seals new cookies'
  const [first, ...others]: unknown[] = Array.isArray(value) ? value : [value]
  if (!isSecret(first) || !others.every(isSecret)) throw wrong(name, form)
  return [new Uint8Array(first), ...others.map((secret) => new Uint8Array(secret))]
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
  secure: setting(booleanOption),
  maxAgeSecs: setting((value: unknown): number => {
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
    throw wrong('maxAgeSecs', 'a positive whole number of seconds')
  }),
  now: setting(clockOption),
}

/** Reads the options. Throws a `TypeError` that names the wrong one. */
export function readCookieStoreOptions(options: CookieStoreOptions): CookieStoreSettings {
  const given = readOptions(options, READERS)
  const { secret: secrets, path = '/', domain, sameSite = 'lax', secure = true, maxAgeSecs } = given
  const { prefix = strictestPrefix(path, domain, secure), now = systemClock } = given
  if (!TOKEN.test(prefix))
    throw new TypeError(
      'prefix must contain only characters that are allowed in the name of a cookie (RFC 6265 §4.1.1)',
    )
  if (!path.startsWith('/')) throw new TypeError('path must begin with a slash')
  // Browsers silently ignore such cookies.
  if (sameSite === 'none' && !secure) throw new TypeError('sameSite "none" requires secure: true')
  const [isHost, isSecure] = ['__host-', '__secure-'].map((start) => prefix.toLowerCase().startsWith(start))
  if ((isSecure && !secure) || (isHost && strictestPrefix(path, domain, secure) !== '__Host-'))
    throw new TypeError(
      'a prefix of __Host- or __Secure- requires secure: true; __Host- also requires the path / and no domain',
    )
  const attributes = { path, ...(domain !== undefined && { domain }), httpOnly: true, secure, sameSite }
  // Throws a TypeError for a path or domain that can't be written.
  serialize('x', '', attributes)
  return { prefix, attributes, secrets, maxAgeSecs, now }
}

function strictestPrefix(path: string, domain: string | undefined, secure: boolean): string {
  if (!secure) return ''
  return path === '/' && domain === undefined ? '__Host-' : '__Secure-'
}

/** The most bytes that a cookie may have with its name and attributes. This is Safari's limit; other browsers accept three more. */
export const MAX_BYTES = 4093
/** More cookies could make a request exceed 16 kB of headers. Node answers it with 431, so a person could not even sign out. */
export const MAX_PARTS = 3
/** In seconds: browsers keep no cookie for longer than 400 days (RFC 6265bis §5.5). */
export const MAX_AGE_SECS: number = 400 * 24 * 60 * 60
/** Separates a cookie's name from the number of a part. It does not occur in encoded keys. */
export const PART_MARK = '$'

// A value that is too long for one cookie is split into parts. Each part begins with a random id of the value and the number of
// its parts, so that parts of two values are never joined.
const PART = /^([-\w]{8})\.([1-9])\.([^;,\s"\\]*)$/
const ID_LENGTH = 6

/** The number of characters that a part has before its piece of the value. */
export const PART_OVERHEAD: number = 'xxxxxxxx.1.'.length

/** Splits a value into parts, each with at most `room` characters of the value. */
export function splitIntoParts(value: string, room: number): string[] {
  const text = encodeURIComponent(value)
  const count = Math.max(1, Math.ceil(text.length / room))
  const id = toBase64url(crypto.getRandomValues(new Uint8Array(ID_LENGTH)))
  return Array.from({ length: count }, (_, i) => `${id}.${count}.${text.slice(i * room, (i + 1) * room)}`)
}

/** Joins the parts of a value; `undefined` if a part is missing, malformed, or belongs to a different value. */
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
