import type { CookieSource } from '../store/cookie-store.js'

/** What a request says of itself, whatever form the server has it in. */
export interface Arrived {
  /** `undefined` where only the headers were given. */
  readonly method: string | undefined
  /** The value of a header, by its name in lower case. */
  header(name: string): string | undefined
}

const FORM =
  'request must be a Request, its Headers (in Next.js: await headers()), a request of node:http, or a Cookie header'

/** Reads a request, its headers, or a `Cookie` header alone. Throws a `TypeError` for anything else. */
export function arrived(source: CookieSource): Arrived {
  if (source === undefined || typeof source === 'string')
    return { method: undefined, header: (name) => (name === 'cookie' ? source : undefined) }
  if (typeof source !== 'object' || source === null) throw new TypeError(FORM)
  const { headers, method } = source as { readonly headers?: unknown; readonly method?: unknown }
  const fields = headers ?? source
  if (typeof fields !== 'object' || fields === null) throw new TypeError(FORM)
  const header = isHeaders(fields) ? (name: string) => fields.get(name) ?? undefined : plainHeader(fields)
  // What has neither is something else, such as what Next.js gives for `await cookies()`.
  if (headers === undefined && !isHeaders(fields)) throw new TypeError(FORM)
  return { method: typeof method === 'string' ? method : undefined, header }
}

function isHeaders(fields: object): fields is Headers {
  const { get, has, getAll } = fields as { get?: unknown; has?: unknown; getAll?: unknown }
  return typeof get === 'function' && typeof has === 'function' && getAll === undefined
}

function plainHeader(fields: object): Arrived['header'] {
  return (name) => {
    const value = Object.hasOwn(fields, name) ? (fields as Record<string, unknown>)[name] : undefined
    return typeof value === 'string' ? value : undefined
  }
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
