import { isBrowser, within } from '../base/environment.js'
import { SessionError } from '../base/errors.js'

// A cookie represents this page's session while the browser navigates. A server with `sessionCookie` sets and clears it.

/** The session that the cookie represents. */
export interface CookieOwner {
  readonly keyDID: string
  fetch(url: URL, init: RequestInit & { origins?: readonly string[] }): Promise<Response>
}

/** Milliseconds to wait for the server's answer. */
const ANSWER_TIMEOUT_MS = 30_000
const CLEARING_TIMEOUT_MS = 3000
const MAX_TRIES = 10
const RETRY_DELAY_MS = 100

/** The header of a `DELETE`: the did:key of the session whose cookie is to be cleared. A cookie of any other session is kept. */
export const CLEARED_KEY = 'cacao-key'

/**
 * Returns the absolute URL of the server's `sessionCookie` handler. Throws a `TypeError` for a URL of a different origin or with a
 * query, and `ERR_ENVIRONMENT` if there is no page.
 */
export function cookieURL(url: string | URL): URL {
  if (typeof document === 'undefined')
    throw new SessionError(
      'ERR_ENVIRONMENT',
      'a cookie needs a page, and there is no document here: sign requests with session.fetch',
    )
  const target = new URL(url, globalThis.location.href)
  if (target.origin === globalThis.location.origin && target.search === '') return target
  throw new TypeError('url must be a path of this origin without a query, such as "/session"')
}

/** Returns the notes of all cookies that the browser has for this page. */
function notes(): CookieNote[] {
  if (typeof document === 'undefined') return []
  try {
    return notesIn(document.cookie, globalThis.location.protocol !== 'https:')
  } catch {
    // In a page of an opaque origin, such as a sandboxed frame, reading `document.cookie` throws.
    return []
  }
}

/** Returns the note of the cookie of this URL's handler, for any session; `undefined` if there is none, or it is stale. */
export function noteAt({ pathname }: URL): CookieNote | undefined {
  return notes().find(({ path }) => path === pathname)
}

/**
 * Waits until the note is as the caller wants it, for one second at most, and returns it; `undefined` if it isn't by then. Waiting
 * is needed because in WebKit what a response does to cookies, in this tab or another, may become visible only a moment later.
 */
export async function waitForNote(
  url: URL,
  isWanted: (note: CookieNote | undefined) => boolean,
): Promise<CookieNote | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const note = noteAt(url)
    if (isWanted(note)) return note
    await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS))
  }
  return undefined
}

/** Runs `work` under a lock, so that no other tab of the origin sets or clears the cookie of this URL's handler meanwhile. */
export async function withCookieLock<T>({ pathname }: URL, work: () => Promise<T>): Promise<T> {
  const locks = isBrowser() ? (globalThis.navigator as Navigator | undefined)?.locks : undefined
  let isLocked = false
  const locked = (): Promise<T> => {
    isLocked = true
    return work()
  }
  try {
    return locks ? ((await locks.request(`cacao-session cookie ${pathname}`, locked)) as T) : await work()
  } catch (error) {
    if (isLocked || !locks) throw error
    // The browser refused the lock, as it does in a sandboxed frame.
    return work()
  }
}

/**
 * Asks the server to set or renew the cookie, and returns its note. Call it with the lock. Rejects with `ERR_COOKIE_FAILED`, whose
 * `cause` says more.
 */
export async function setCookie(owner: CookieOwner, url: URL, signal: AbortSignal): Promise<CookieNote> {
  const answer = await fetchInTime(signal, (abortSignal) =>
    owner.fetch(url, {
      method: 'POST',
      origins: [url.origin],
      cache: 'no-store',
      redirect: 'manual',
      signal: abortSignal,
    }),
  )
  if (answer.status !== 200) throw refusal(answer)
  const { until } = answer.body
  if (typeof until !== 'number')
    throw permanentFailure('the answer is not from sessionCookie: mount its handler at this path')
  const written = await waitForNote(url, (note) => note?.keyDID === owner.keyDID && note.until === until)
  if (written) return written
  throw permanentFailure('the server set it, but the browser did not keep it: allow cookies for this site')
}

/**
 * Asks the server to clear the cookie, if it belongs to one of these keys, or may belong to the key `unseen`, for which this page has just
 * asked. Rejects with `ERR_COOKIE_FAILED`.
 */
export function clearCookie(url: URL, keys: readonly string[], unseen?: string): Promise<void> {
  return withCookieLock(url, async () => {
    // Another tab may have cleared the cookie, or a different account may have signed in.
    const seen = noteAt(url)?.keyDID
    const keyDID = seen !== undefined && keys.includes(seen) ? seen : unseen
    if (keyDID === undefined) return
    // `keepalive`, because the browser often leaves the page after a sign-out. The key is sent along because the note may be out of
    // date: what this page must not clear is the cookie of a session that has begun meanwhile.
    const answer = await fetchInTime(undefined, (signal) =>
      fetch(url, {
        method: 'DELETE',
        headers: { [CLEARED_KEY]: keyDID },
        cache: 'no-store',
        redirect: 'manual',
        keepalive: true,
        signal,
      }),
    )
    if (!answer.ok) throw refusal(answer)
    // The next tab to have the lock must not find the note, and clear the cookie again.
    await waitForNote(url, (note) => note?.keyDID !== keyDID)
  })
}

/**
 * Clears the cookies that the browser has for these keys, so that the next page shows nobody as signed in. Never rejects, and waits
 * for at most 3 s: a cookie that could not be cleared expires soon, because only its key can renew it.
 */
export async function clearCookies(keys: readonly string[]): Promise<void> {
  const ours = notes().filter(({ keyDID }) => keys.includes(keyDID))
  await within(
    CLEARING_TIMEOUT_MS,
    Promise.allSettled(ours.map(async ({ path }) => clearCookie(cookieURL(path), keys))),
  )
}

/** A server's answer, with its body; `{}` if that isn't a JSON object. */
interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly body: { readonly until?: unknown; readonly code?: unknown }
}

/** Sends a request, and reads the answer. Both are aborted by `signal`, or if the server doesn't answer in time. */
async function fetchInTime(
  signal: AbortSignal | undefined,
  send: (signal: AbortSignal) => Promise<Response>,
): Promise<Answer> {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  const timer = setTimeout(
    () => controller.abort(cookieFailed(`the server did not answer within ${ANSWER_TIMEOUT_MS / 1000} s`)),
    ANSWER_TIMEOUT_MS,
  )
  signal?.addEventListener('abort', abort, { once: true })
  try {
    signal?.throwIfAborted()
    const response = await send(controller.signal)
    const body = await jsonOf(response)
    controller.signal.throwIfAborted()
    return { ok: response.ok, status: response.status, body }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof SessionError) throw cause
    throw cookieFailed("the server can't be reached", cause)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** The cause of a failure that a retry can't cure: a revoked session, a server without `sessionCookie`, or blocked cookies. */
class PermanentFailure extends Error {}

/** Whether a retry may succeed. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof SessionError &&
    error.code === 'ERR_COOKIE_FAILED' &&
    !(error.cause instanceof PermanentFailure)
  )
}

function refusal({ status, body: { code } }: Answer): SessionError {
  // A redirection that is not followed has the status 0.
  const why = `the server answered ${status === 0 ? 'with a redirection' : status} (${code ?? 'no code'})`
  return status === 429 || status >= 500 ? cookieFailed(why) : permanentFailure(why)
}

async function jsonOf(response: Response): Promise<object> {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null ? body : {}
}

function permanentFailure(why: string): SessionError {
  return cookieFailed(why, new PermanentFailure(why))
}

function cookieFailed(why: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_COOKIE_FAILED',
    `the session cookie was not set or cleared: ${why}`,
    cause === undefined ? undefined : { cause },
  )
}

// A page can't read its session cookie, which is HttpOnly. The server therefore sets a second cookie that the page can read, the
// note: it says for which key the session cookie is, until when it is fresh, and which path handles it. Both cookies are set and
// cleared together, so a browser that blocks cookies has no note either.

/** The content of a note. */
export interface CookieNote {
  /** When the session cookie becomes stale, in seconds since 1970, by the server's clock. */
  readonly until: number
  /** The number of seconds for which the session cookie was fresh when it was set. */
  readonly secs: number
  /** The did:key of the session. */
  readonly keyDID: string
  /** The path of the handler that sets, renews and clears the session cookie. */
  readonly path: string
}

/** A note's name is the name of the session cookie with this suffix. */
export const NOTE_MARK = '-until'

const DID = 'did:key:'
const NOTE = new RegExp(
  `(?:^|; )([^=;]*)${NOTE_MARK}=(\\d{1,12})\\.(\\d{1,6})\\.(z[a-zA-Z0-9]+)\\.([^;]+)`,
  'g',
)
// Browsers let no other host set a cookie with this prefix, so the page can trust the note.
const OWN_HOST = '__Host-'

/** Returns the value of a note's cookie. */
export function noteValue({ until, secs, keyDID, path }: CookieNote): string {
  return `${until}.${secs}.${keyDID.slice(DID.length)}.${encodeURIComponent(path)}`
}

/**
 * Returns the notes in the value of `document.cookie`, and ignores all other cookies. A note that another host of the domain could
 * have written is ignored too, unless `anyHost` is true. That is for development without TLS, where names have no `__Host-` prefix.
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
