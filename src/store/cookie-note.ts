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
