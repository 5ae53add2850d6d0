import type { Clock } from '../base/clock.js'

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
