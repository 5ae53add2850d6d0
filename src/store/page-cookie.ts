import { isBrowser, within } from '../base/environment.js'
import { SessionError } from '../base/errors.js'

// The cookie that stands in for this page's session when the browser navigates: set and cleared by a server with `sessionCookie`.

/** The session whose cookie it is. */
export interface CookieOwner {
  readonly keyDID: string
  fetch(url: URL, init: RequestInit & { origins?: readonly string[] }): Promise<Response>
}

/** Milliseconds to wait for the server's answer. */
const PATIENCE_MS = 30_000
const CLEARING_MS = 3000
const MOST_TRIES = 10
const NEXT_TRY_MS = 100

/** Where the server keeps the cookie. Throws a `TypeError` for another origin, and `ERR_ENVIRONMENT` where there is no page. */
export function cookieURL(url: string | URL): URL {
  if (typeof document === 'undefined')
    throw new SessionError(
      'ERR_ENVIRONMENT',
      'cookies are for pages, and there is no document here: sign requests with session.fetch',
    )
  const target = new URL(url, globalThis.location.href)
  if (target.origin === globalThis.location.origin && target.search === '') return target
  throw new TypeError('url must be a path of this page’s origin without a query, such as "/session"')
}

/** The notes of the cookies that the browser has for this page. */
function notes(): CookieNote[] {
  if (typeof document === 'undefined') return []
  try {
    return notesIn(document.cookie, globalThis.location.protocol !== 'https:')
  } catch {
    // A page of an opaque origin, such as a sandboxed frame's, may not even ask.
    return []
  }
}

/** The note of the cookie that the server keeps there, whosever it is; `undefined` if there is none, or it is stale. */
export function noteAt({ pathname }: URL): CookieNote | undefined {
  return notes().find(({ path }) => path === pathname)
}

/**
 * The note once it is as it is wanted, or `undefined` after a second: WebKit may show a page what an answer has set, in this tab or
 * another, only a moment later.
 */
export async function noteOnce(
  url: URL,
  isWanted: (note: CookieNote) => boolean,
): Promise<CookieNote | undefined> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const note = noteAt(url)
    if (note && isWanted(note)) return note
    await new Promise((resolve) => setTimeout(resolve, NEXT_TRY_MS))
  }
  return undefined
}

/** Does the work while no other tab of the origin does any for the cookie that the server keeps there. */
export async function withCookieLock<T>({ pathname }: URL, work: () => Promise<T>): Promise<T> {
  const locks = isBrowser() ? (globalThis.navigator as Navigator | undefined)?.locks : undefined
  let isOurs = false
  const locked = (): Promise<T> => {
    isOurs = true
    return work()
  }
  try {
    return locks ? ((await locks.request(`cacao-session cookie ${pathname}`, locked)) as T) : await work()
  } catch (error) {
    if (isOurs || !locks) throw error
    // Without the right to lock, as in a sandboxed frame.
    return work()
  }
}

/**
 * Has the server set the cookie, or renew it, and gives its note. Call it with the lock. Rejects with `ERR_COOKIE_FAILED`, whose
 * cause says more.
 */
export async function setCookie(owner: CookieOwner, url: URL, signal: AbortSignal): Promise<CookieNote> {
  const response = await asked(signal, (both) =>
    owner.fetch(url, {
      method: 'POST',
      origins: [url.origin],
      cache: 'no-store',
      redirect: 'manual',
      signal: both,
    }),
  )
  if (response.status !== 200) throw await refused(response)
  const { until } = (await jsonOf(response)) as { until?: unknown }
  if (typeof until !== 'number')
    throw failedForGood('the answer is not that of a sessionCookie: is its handler at this path?')
  const set = await noteOnce(url, (note) => note.keyDID === owner.keyDID && note.until === until)
  if (set) return set
  throw failedForGood('the server has set it, and the browser did not keep it: cookies may be blocked here')
}

/** Has the server clear the cookie, if it is that of one of these keys. Rejects with `ERR_COOKIE_FAILED`. */
export function clearCookie(url: URL, keys: readonly string[]): Promise<void> {
  return withCookieLock(url, async () => {
    // Another tab may have cleared it, or someone else may be signed in by now.
    const note = noteAt(url)
    if (!note || !keys.includes(note.keyDID)) return
    // `keepalive`, because the page often goes away after a sign-out.
    const response = await asked(undefined, (signal) =>
      fetch(url, { method: 'DELETE', cache: 'no-store', redirect: 'manual', keepalive: true, signal }),
    )
    if (!response.ok) throw await refused(response)
  })
}

/**
 * Clears the cookies of these keys that the browser has, so that the next page greets nobody. Never rejects, and waits for 3 s at
 * most: without its key, no cookie outlives its short time.
 */
export async function clearCookies(keys: readonly string[]): Promise<void> {
  const own = notesOf(keys)
  await within(
    CLEARING_MS,
    Promise.allSettled(own.map(async ({ path }) => clearCookie(cookieURL(path), keys))),
  )
}

function notesOf(keys: readonly string[]): CookieNote[] {
  return notes().filter(({ keyDID }) => keys.includes(keyDID))
}

async function asked(
  signal: AbortSignal | undefined,
  ask: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  const timer = setTimeout(
    () => controller.abort(cookieFailed(`the server did not answer within ${PATIENCE_MS / 1000} s`)),
    PATIENCE_MS,
  )
  signal?.addEventListener('abort', abort, { once: true })
  try {
    signal?.throwIfAborted()
    return await ask(controller.signal)
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof SessionError) throw cause
    throw cookieFailed("the server can't be reached", cause)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** Why trying again will not help: the session was revoked, the server has no such cookie, or the browser keeps none. */
class Final extends Error {}

/** Whether a failure may be over soon. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof SessionError && error.code === 'ERR_COOKIE_FAILED' && !(error.cause instanceof Final)
  )
}

async function refused(response: Response): Promise<SessionError> {
  const { status } = response
  const { code } = (await jsonOf(response)) as { code?: unknown }
  const why = `the server answered ${status === 0 ? 'with a redirection' : status} (${code ?? 'no code'})`
  return status === 429 || status >= 500 ? cookieFailed(why) : failedForGood(why)
}

async function jsonOf(response: Response): Promise<object> {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? body : {}
}

function failedForGood(why: string): SessionError {
  return cookieFailed(why, new Final(why))
}

function cookieFailed(why: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_COOKIE_FAILED',
    `the cookie of the pages was not set or cleared: ${why}`,
    cause === undefined ? undefined : { cause },
  )
}

// A page can't see its own session cookie, which is HttpOnly. Beside it lies a note that says for which key it is, until when it
// is fresh, and which server keeps it. The note comes and goes with the cookie: where the browser keeps no cookies, there is none.

/** What a note says. */
export interface CookieNote {
  /** When the cookie beside it becomes stale, in seconds since 1970, by the server's clock. */
  readonly until: number
  /** Seconds for which it was fresh when it was set. */
  readonly secs: number
  /** The did:key of the session that it is for. */
  readonly keyDID: string
  /** The path at which the server sets, renews and clears it. */
  readonly path: string
}

/** What a note's name adds to that of the cookie. */
export const NOTE_MARK = '-until'

const DID = 'did:key:'
const NOTE = new RegExp(
  `(?:^|; )([^=;]*)${NOTE_MARK}=(\\d{1,12})\\.(\\d{1,6})\\.(z[a-zA-Z0-9]+)\\.([^;]+)`,
  'g',
)
// No other host can set a cookie with such a name, so that a page may believe what the note says.
const OWN_HOST = '__Host-'

/** The value of a note's cookie. */
export function noteValue({ until, secs, keyDID, path }: CookieNote): string {
  return `${until}.${secs}.${keyDID.slice(DID.length)}.${encodeURIComponent(path)}`
}

/**
 * The notes in what `document.cookie` gives. Anything else there is passed over, and so is a note that another host of the domain
 * could have written, unless `anyHost` says that there is none: on a machine where an app is developed without TLS.
 */
export function notesIn(cookies: string, anyHost: boolean): CookieNote[] {
  return Array.from(cookies.matchAll(NOTE)).flatMap(([, name = '', until, secs, key = '', path = '']) =>
    (anyHost || name.startsWith(OWN_HOST)) && decoded(path).startsWith('/')
      ? [{ until: Number(until), secs: Number(secs), keyDID: DID + key, path: decoded(path) }]
      : [],
  )
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
