import { type CookieOwner, cookieURL, noteAt, setCookie, withCookieLock } from './store/page-cookie.js'

export { SessionError, type SessionErrorCode } from './base/errors.js'
export type { CookieOwner } from './store/page-cookie.js'

const LOGIN = 'meta[name="cacao-session-login"]'
// A member of the history entry's state, which a reload keeps: when this page set the cookie, and until when that is fresh.
const MARK = 'cacao-session'

interface Mark {
  readonly from: number
  readonly until: number
}

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
    const state = { ...(history.state as { readonly [MARK]?: Mark | null } | null) }
    const { from, until } = state[MARK] ?? ({} as Mark)
    const now = Date.now()
    // If the clock was set back since, the mark says nothing.
    const session = from <= now && now < until ? undefined : await load()
    if (session) {
      const secs = await renewed(session, target)
      history.replaceState({ ...state, [MARK]: { from: now, until: now + secs * 1000 } }, '')
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
    return (isNew ? note : await setCookie(session, url, new AbortController().signal)).secs
  })
}

/** Waits until the page is shown: a browser may prerender it, and never show it. */
async function shown(): Promise<void> {
  const page = document as Document & { readonly prerendering?: boolean }
  if (page.prerendering)
    await new Promise((resolve) => page.addEventListener('prerenderingchange', resolve, { once: true }))
}
