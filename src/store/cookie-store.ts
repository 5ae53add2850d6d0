// Only names that `cookie` 0.6 exports too: SvelteKit depends on that version, and Vite's bundle of its server may load it.
import { parse, serialize } from 'cookie'
import { SessionError } from '../base/errors.js'
import { expiryTime } from '../capability/cacao.js'
import {
  type CookieStoreOptions,
  joinParts,
  MAX_AGE_SECS,
  MAX_BYTES,
  MAX_PARTS,
  PART_MARK,
  PART_OVERHEAD,
  readCookieStoreOptions,
  splitIntoParts,
} from './cookie-format.js'
import { readStoredSessions, type StringStore } from './string-store.js'

/** Has the `Cookie` header: a `Request`, its `Headers`, a request of node:http, or the header's value itself. */
export type CookieSource =
  | string
  | undefined
  | Headers
  | { readonly headers: Headers | { readonly cookie?: string | undefined } }

/** Receives the `Set-Cookie` headers: the `Headers` of a `Response`, or a response of node:http or Express. */
export type CookieTarget =
  | { append(name: string, value: string): unknown }
  | { appendHeader(name: string, value: string): unknown }

/** The cookies of one request, and the changes to send with its response. */
export interface CookieStore extends StringStore {
  /** Anyone can send a request with any cookies. */
  readonly writableByOthers: true
  getItem(key: string): Promise<string | undefined>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
  /** Returns the values of the response's `Set-Cookie` headers, one for each cookie that changed. */
  setCookies(): string[]
  /** Adds these headers to the response. Call it once, after the last change and before the response's headers are sent. */
  apply(response: CookieTarget): void
}

const identity = (text: string): string => text
// Loads on demand, because it is needed only if there are cookies to open or to write.
const sealing = () => import('./cookie-seal.js')

/**
 * A backend for `stringStore` on a server: the cookies of one request. The server then has the session and acts for the person.
 * By default, the cookies are `HttpOnly`, `Secure` and `SameSite=Lax`, are sent to this host only, and expire with the last
 * session. They are encrypted and authenticated with the `secret`, and each cookie is bound to its name. A value that is too long
 * for one cookie is split into up to three; `setItem` rejects with `ERR_STORE_UNAVAILABLE` if three are not enough. If a cookie is
 * missing, incomplete, or not sealed with one of the secrets, nobody is signed in. Sessions from cookies are resumed only with
 * `verifiers` and `domains`. Throws a `TypeError` for a wrong request or option.
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
  const { prefix, attributes, secrets, maxAgeSecs, now } = readCookieStoreOptions(options)
  const values = new Map(Object.entries(parse(headerReader(request)('cookie') ?? '', { decode: identity })))
  const changes = new Map<string, string>()
  // Cached, because one request may read a cookie several times.
  const opened = new Map<string, Promise<string | undefined>>()
  const nameOf = (key: string): string => prefix + encodeKey(key)
  const partName = (name: string, i: number): string => (i === 0 ? name : `${name}${PART_MARK}${i}`)

  const set = (name: string, value: string, maxAge: number | undefined): void => {
    values.set(name, value)
    changes.set(
      name,
      serialize(name, value, { ...(maxAge !== undefined && { maxAge }), ...attributes, encode: identity }),
    )
  }
  const remove = (name: string): void => {
    set(name, '', 0)
    values.delete(name)
  }
  /** Removes every part whose number is `first` or higher. */
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
      const widest = serialize(partName(name, MAX_PARTS), '', { maxAge: MAX_AGE_SECS, ...attributes })
      const room = MAX_BYTES - widest.length - PART_OVERHEAD
      const parts = room > 0 ? splitIntoParts(sealed, room) : []
      if (parts.length === 0 || parts.length > MAX_PARTS) {
        throw new SessionError(
          'ERR_STORE_UNAVAILABLE',
          `the sessions need more than ${MAX_PARTS} cookies of ${MAX_BYTES} bytes: sign out of one session, or use a different store`,
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

/** Seconds until the last session expires. `undefined` if there is no session: the browser then keeps the cookie until it is closed. */
function secsLeft(value: string, now: number): number | undefined {
  const { sessions } = readStoredSessions(value)
  if (sessions.length === 0) return undefined
  const last = Math.max(...sessions.map(({ cacao }) => expiryTime(cacao)))
  return Math.min(Math.max(0, Math.ceil((last - now) / 1000)), MAX_AGE_SECS)
}

// The result contains only letters, digits and - _ . ! ~ * ' %, which are all allowed in a cookie's name.
function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('(', '%28').replaceAll(')', '%29')
}

const WRONG_REQUEST =
  'request must be a Request, its Headers (in Next.js: await headers()), a request of node:http, or a Cookie header'

/**
 * Returns a function that reads a header of the request by its name in lower case; of a string, only `cookie` can be read. Throws
 * a `TypeError` for a source that is neither a request, headers nor a `Cookie` header.
 */
export function headerReader(source: CookieSource): (name: string) => string | undefined {
  if (source === undefined || typeof source === 'string')
    return (name) => (name === 'cookie' ? source : undefined)
  if (typeof source !== 'object' || source === null) throw new TypeError(WRONG_REQUEST)
  const { headers } = source as { readonly headers?: unknown }
  const fields = headers ?? source
  if (typeof fields !== 'object' || fields === null) throw new TypeError(WRONG_REQUEST)
  if (isHeaders(fields)) return (name) => fields.get(name) ?? undefined
  // An object without `headers` that isn't a `Headers` is wrong here, such as what `await cookies()` returns in Next.js.
  if (fields === source) throw new TypeError(WRONG_REQUEST)
  const own = new Map(
    Object.entries(fields as object as Record<string, unknown>).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]),
  )
  return (name) => {
    const value = own.get(name)
    return typeof value === 'string' ? value : undefined
  }
}

// Collections of cookies have no `append`. `getAll` can't tell them apart: in Bun and on Cloudflare, `Headers` has it too.
function isHeaders(fields: object): fields is Headers {
  const { get, append } = fields as { get?: unknown; append?: unknown }
  return typeof get === 'function' && typeof append === 'function'
}
