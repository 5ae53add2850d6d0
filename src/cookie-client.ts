import { type CookieOwner, cookieURL, noteAt, setCookie, withCookieLock } from './store/page-cookie.js'

export { SessionError, type SessionErrorCode } from './base/errors.js'
export type { CookieOwner } from './store/page-cookie.js'

const LOGIN = 'meta[name="cacao-session-login"]'
// A member of the history entry's state, which a reload keeps: the time until which the cookie set by this page is fresh.
const MARK = 'cacao-session'

/**
 * Renews the cookie of the signed-in person, and reloads the page to which they were navigating. It is only for the script of
 * `refreshPage` of `cacao-session/cookie`, and throws an `Error` on any other page. `load` loads the session; without one, or if
 * the server refuses it, the browser goes on to the login page that was given to `refreshPage`. The same happens if the cookie was
 * already renewed on this page and has still not arrived, so that a browser that keeps no cookies doesn't reload the page endlessly.
 *
 * @example
 * continueNavigation('/session', () => DIDSession.load())
 */
export async function continueNavigation(
  url: string | URL,
  load: () => CookieOwner | undefined | Promise<CookieOwner | undefined>,
): Promise<void> {
  const login = document.querySelector<HTMLMetaElement>(LOGIN)?.content
  if (login === undefined)
    throw new Error(
      'continueNavigation is for the script of refreshPage, of cacao-session/cookie: this is another page',
    )
  const target = cookieURL(url)
  await shown()
  try {
    const state = { ...(history.state as { readonly [MARK]?: unknown } | null) }
    const mark = state[MARK]
    const session = typeof mark === 'number' && Date.now() < mark ? undefined : await load()
    if (session) {
      const secs = await renewed(session, target)
      history.replaceState({ ...state, [MARK]: Date.now() + secs * 1000 }, '')
      return location.reload()
    }
  } catch (error) {
    console.warn(error)
  }
  location.replace(login)
}

/** Renews the cookie unless another tab has done so while this one waited, and returns its lifetime in seconds. */
async function renewed(session: CookieOwner, url: URL): Promise<number> {
  const before = noteAt(url)
  return withCookieLock(url, async () => {
    const note = noteAt(url)
    const isNew = note?.keyDID === session.keyDID && note.until !== before?.until
    const { secs } = isNew ? note : await setCookie(session, url, new AbortController().signal)
    return secs
  })
}

/** Waits until the page is shown: a browser may prerender it, and never show it. */
async function shown(): Promise<void> {
  const page = document as Document & { readonly prerendering?: boolean }
  if (page.prerendering)
    await new Promise((resolve) => page.addEventListener('prerenderingchange', resolve, { once: true }))
}
