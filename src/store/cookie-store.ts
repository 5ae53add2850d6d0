import { parseCookie, stringifySetCookie } from 'cookie'
import { SessionError } from '../base/errors.js'
import type { Clock } from '../base/time.js'
import { expiryTime } from '../capability/validity.js'
import { cookieForm, joinParts, PART_OVERHEAD, splitIntoParts } from './cookie-format.js'
import { readKept, type StringStore } from './string-store.js'
/** How `cookieStore` writes its cookies. They are always `HttpOnly`. */
export interface CookieStoreOptions {
  /**
   * What only your servers know: 32 random bytes or more, the same on each of them. It seals the cookies, so that nobody reads,
   * changes or makes one. A list to change it: the first seals, all of them open.
   */
  secret: Uint8Array | readonly Uint8Array[]
  /**
   * What the cookies' names begin with. By default the strictest that browsers hold to and that fits the rest: `__Host-`,
   * `__Secure-` if there is a path or domain, else nothing.
   */
  prefix?: string
  /** Below which path of the site; `/` by default. */
  path?: string
  /** For which domain and all below it; only this host by default. */
  domain?: string
  /** Whether other sites' links and requests bring the cookie along; `lax` (links only) by default. */
  sameSite?: 'lax' | 'strict' | 'none'
  /** Over HTTPS only (and localhost, in most browsers); true by default. */
  secure?: boolean
  /** Seconds that a browser keeps a cookie, from when it was last written; by default until the last session expires. */
  maxAgeSecs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/** Where a request's `Cookie` header is: a `Request`, its `Headers`, a request of node:http, or the header itself. */
export type CookieSource =
  | string
  | undefined
  | Headers
  | { readonly headers: Headers | { readonly cookie?: string | undefined } }

/** What can be given headers: `Headers` of a `Response`, or what node:http and Express answer with. */
export type CookieTarget =
  | { append(name: string, value: string): unknown }
  | { appendHeader(name: string, value: string): unknown }

/** The cookies of one request, and what is to change in them. */
export interface CookieStore extends StringStore {
  /** Cookies come from whoever sends the request. */
  readonly writableByOthers: true
  getItem(key: string): Promise<string | undefined>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
  /** The values of the `Set-Cookie` headers to answer with, one for each cookie that changed. */
  setCookies(): string[]
  /** Adds them to the response. Once, after the last change and before the head of the response is sent. */
  apply(response: CookieTarget): void
}

// Bytes of a cookie with its name and attributes: Safari takes no more, others three more.
const MOST_BYTES = 4093
// Node answers requests with more than 16 kB of headers by 431, and the person could not even sign out any more.
const MOST_PARTS = 3
// Seconds; browsers keep no cookie for longer than 400 days.
const LONGEST_AGE = 400 * 24 * 60 * 60
// Stands between a cookie's name and the number of a further part. Keys have none once they are encoded.
const PART_MARK = '$'
const identity = (text: string): string => text
// Only servers that have cookies to open load it.
const sealing = () => import('./cookie-seal.js')

/**
 * A backend for `stringStore` in a server: one request's cookies. The server then holds the session and acts for the
 * person; its cookies are `HttpOnly`, `Secure` and `SameSite=Lax`, of this host alone, and go when the last session
 * expires. They are sealed with the `secret`, each for its own name. What is too long for one cookie takes up to three; beyond
 * that `setItem` rejects with `ERR_STORE_UNAVAILABLE`. A cookie that is missing, torn or not sealed by one of the secrets means
 * signed out. What the store says is believed only as far as `verifiers` and `domains` say.
 *
 * @example
 * const cookies = cookieStore(request, { secret: Buffer.from(process.env.COOKIE_SECRET ?? '', 'hex') })
 * const session = await DIDSession.load(undefined, {
 *   store: stringStore(cookies),
 *   verifiers: ethereumVerifiers(),
 *   domains: ['app.example.com'],
 * })
 * const response = new Response(session?.id ?? 'signed out')
 * cookies.apply(response.headers)
 */
export function cookieStore(request: CookieSource, options: CookieStoreOptions): CookieStore {
  const { prefix, attributes, secrets, maxAgeSecs, now } = cookieForm(options)
  const values = new Map(Object.entries(parseCookie(cookieHeader(request), { decode: identity })))
  const changes = new Map<string, string>()
  // One request asks several times.
  const opened = new Map<string, Promise<string | undefined>>()
  const nameOf = (key: string): string => prefix + encodeKey(key)
  const partName = (name: string, i: number): string => (i === 0 ? name : `${name}${PART_MARK}${i}`)

  const set = (name: string, value: string, maxAge: number | undefined): void => {
    values.set(name, value)
    changes.set(
      name,
      stringifySetCookie(
        { name, value, ...(maxAge !== undefined && { maxAge }), ...attributes },
        { encode: identity },
      ),
    )
  }
  const remove = (name: string): void => {
    set(name, '', 0)
    values.delete(name)
  }
  /** Removes the parts from the first of these on. */
  const removeFrom = (name: string, first: number): void => {
    const isLater = (other: string): boolean =>
      other.startsWith(name + PART_MARK) && !(Number(other.slice(name.length + 1)) < first)
    for (const other of [...values.keys()].filter(isLater)) remove(other)
  }

  return {
    writableByOthers: true,
    async getItem(key) {
      const name = nameOf(key)
      const sealed = joinParts((i) => values.get(partName(name, i)))
      if (sealed === undefined) return undefined
      const opening =
        opened.get(`${name}=${sealed}`) ?? sealing().then((m) => m.unseal(sealed, name, secrets))
      opened.set(`${name}=${sealed}`, opening)
      return opening
    },
    async setItem(key, value) {
      const name = nameOf(key)
      const { seal } = await sealing()
      const sealed = await seal(value, name, secrets[0])
      const widest = { name: partName(name, MOST_PARTS), maxAge: LONGEST_AGE, ...attributes }
      const room = MOST_BYTES - stringifySetCookie({ ...widest, value: '' }).length - PART_OVERHEAD
      const parts = room > 0 ? splitIntoParts(sealed, room) : []
      if (parts.length === 0 || parts.length > MOST_PARTS) {
        throw new SessionError(
          'ERR_STORE_UNAVAILABLE',
          `the sessions are too large for cookies: more than ${MOST_PARTS} of ${MOST_BYTES} bytes; keep fewer, or elsewhere`,
        )
      }
      const maxAge = maxAgeSecs ?? secsLeft(value, now())
      for (const [i, part] of parts.entries()) set(partName(name, i), part, maxAge)
      removeFrom(name, parts.length)
    },
    async removeItem(key) {
      remove(nameOf(key))
      removeFrom(nameOf(key), 1)
    },
    setCookies: () => [...changes.values()],
    apply(response) {
      for (const value of changes.values()) {
        if ('appendHeader' in response) response.appendHeader('set-cookie', value)
        else response.append('set-cookie', value)
      }
    },
  }
}

/** Seconds until the last of the sessions expires; `undefined`, for as long as the browser runs, if there is none. */
function secsLeft(value: string, now: number): number | undefined {
  const { sessions } = readKept(value)
  if (sessions.length === 0) return undefined
  const last = Math.max(...sessions.map(({ cacao }) => expiryTime(cacao)))
  return Math.min(Math.max(0, Math.ceil((last - now) / 1000)), LONGEST_AGE)
}

// Of letters, digits and - _ . ! ~ * ' %, which may stand in a cookie's name.
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('(', '%28').replaceAll(')', '%29')
}

function cookieHeader(source: CookieSource): string {
  if (source === undefined || typeof source === 'string') return source ?? ''
  const given: unknown = source
  if (typeof given === 'object' && given !== null) {
    const isRequest = 'headers' in given
    const headers = isRequest ? given.headers : given
    if (typeof headers === 'object' && headers !== null) {
      if ('get' in headers && typeof headers.get === 'function') return headers.get('cookie') ?? ''
      if (isRequest) return 'cookie' in headers && typeof headers.cookie === 'string' ? headers.cookie : ''
    }
  }
  throw new TypeError('request must be a Request, its Headers, a request of node:http, or a Cookie header')
}
