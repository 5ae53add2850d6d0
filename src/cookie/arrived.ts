import { type CookieSource, headerReader } from '../store/cookie-store.js'

/** What a request says of itself, whatever form the server has it in. */
export interface Arrived {
  /** `undefined` where only the headers were given. */
  readonly method: string | undefined
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined
}

/** Reads a request, its headers, or a `Cookie` header alone. Throws a `TypeError` for anything else. */
export function arrived(source: CookieSource): Arrived {
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
 * What a browser says of where a request comes from: `same` for a page of this origin, `other` for any other, and `unsaid` if it
 * says nothing, as what is no browser. `Sec-Fetch-Site` can't be written by a page, and neither can `Origin`.
 */
export function originOf(
  { header }: Pick<Arrived, 'header'>,
  isOwn: (origin: string) => boolean,
): 'same' | 'other' | 'unsaid' {
  const site = header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' ? 'same' : 'other'
  const origin = header('origin')
  if (origin === undefined) return 'unsaid'
  return isOwn(origin) ? 'same' : 'other'
}
