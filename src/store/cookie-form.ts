import { type SetCookie, stringifySetCookie } from 'cookie'
import type { CookieStoreOptions } from './cookie-options.js'

/** What all cookies of a store have in common. */
export interface CookieForm {
  readonly prefix: string
  readonly attributes: Omit<SetCookie, 'name' | 'value'>
}

const TOKEN = /^[-!#$%&'*+.^_`|~0-9A-Za-z]*$/

/** Reads the options. Throws a `TypeError` that names the wrong one. */
export function cookieForm({
  path = '/',
  domain,
  sameSite = 'lax',
  secure = true,
  prefix = strictestPrefix(path, domain, secure),
  maxAgeSecs,
}: CookieStoreOptions): CookieForm {
  if (typeof prefix !== 'string' || !TOKEN.test(prefix))
    throw new TypeError('prefix must be of characters that cookies may have in their names')
  if (typeof path !== 'string' || !path.startsWith('/')) throw new TypeError('path must begin with a slash')
  if (typeof secure !== 'boolean') throw new TypeError('secure must be true or false')
  if (sameSite !== 'lax' && sameSite !== 'strict' && sameSite !== 'none')
    throw new TypeError('sameSite must be "lax", "strict" or "none"')
  // What browsers would silently refuse.
  if (sameSite === 'none' && !secure) throw new TypeError('sameSite "none" needs secure')
  const [isHost, isSecure] = ['__host-', '__secure-'].map((start) => prefix.toLowerCase().startsWith(start))
  if ((isSecure && !secure) || (isHost && strictestPrefix(path, domain, secure) !== '__Host-'))
    throw new TypeError('a prefix of __Host- or __Secure- needs secure, and __Host- no domain and the path /')
  if (maxAgeSecs !== undefined && !(Number.isSafeInteger(maxAgeSecs) && maxAgeSecs > 0))
    throw new TypeError('maxAgeSecs must be a positive whole number of seconds')
  const attributes = { path, ...(domain !== undefined && { domain }), httpOnly: true, secure, sameSite }
  // Throws for what can't be written.
  stringifySetCookie({ name: 'x', value: '', ...attributes })
  return { prefix, attributes }
}

function strictestPrefix(path: string, domain: string | undefined, secure: boolean): string {
  if (!secure) return ''
  return path === '/' && domain === undefined ? '__Host-' : '__Secure-'
}
