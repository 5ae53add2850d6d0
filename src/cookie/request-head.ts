import { type CookieSource, headerReader } from '../store/cookie-store.js'

/** The method and the headers of a request, in any form that a server has it in. */
export interface RequestHead {
  /** `undefined` if only headers were passed. */
  readonly method: string | undefined
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined
}

/** Reads a request, its headers, or a `Cookie` header alone. Throws a `TypeError` for anything else. */
export function requestHead(source: CookieSource): RequestHead {
  const header = headerReader(source)
  const { method } = Object(source) as { readonly method?: unknown }
  return { method: typeof method === 'string' ? method : undefined, header }
}

const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Whether a request with this method only reads (RFC 9110 §9.2.1). */
export function isReading(method: string): boolean {
  return SAFE_METHODS.includes(method)
}

/**
 * Returns what the browser says about the origin of a request: `same` for a page of this origin, `other` for any other page, and
 * `unknown` if the request doesn't say, as from a client that is not a browser. A page can set neither `Sec-Fetch-Site` nor `Origin`.
 */
export function originOf(
  { header }: Pick<RequestHead, 'header'>,
  isOwn: (origin: string) => boolean,
): 'same' | 'other' | 'unknown' {
  const site = header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' ? 'same' : 'other'
  const origin = header('origin')
  if (origin === undefined) return 'unknown'
  return isOwn(origin) ? 'same' : 'other'
}
