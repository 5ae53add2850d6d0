import { type Clock, systemClock } from '../base/environment.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { RECEIVED_METHOD } from '../http/signature-profile.js'

// The answer to a signed request is for one caller only: a cache that stored it under its URL would return it to the next person.
// Therefore each answer is marked as private.

/** The header that answers name in `Vary`, unless the option `capabilityHeader` names a different one. */
export const DEFAULT_VARY = 'Authorization'
// A page of another origin can read only these headers of the answer.
const EXPOSE = 'access-control-expose-headers'
const LISTS = ['vary', EXPOSE]
const EXPOSED = `Date, WWW-Authenticate, ${RECEIVED_METHOD}`
export const CACHE_CONTROL = 'private, no-store'
export const REFERRER_POLICY = 'no-referrer'

/** The answer to a request that was refused. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body: string
}

const STATUSES: ReadonlyMap<SessionErrorCode, number> = new Map([
  ['ERR_ENVIRONMENT', 500],
  ['ERR_CAPABILITY_RESOURCES', 403],
  ['ERR_REQUEST_ORIGIN', 403],
  ['ERR_REQUEST_TOO_LARGE', 413],
  ['ERR_REQUEST_LIMIT', 429],
  ['ERR_STORE_UNAVAILABLE', 503],
  ['ERR_RPC_UNAVAILABLE', 503],
])

/**
 * Returns the answer to a refused request: 403 if the capability doesn't cover it, or it comes from a page of another origin; 413 if
 * its body is too large; 429 if its capability has too many requests or bodies in progress; 503 if a store or the chain of a contract
 * account doesn't answer; 500 if the server has no WebCrypto; and otherwise 401 with `WWW-Authenticate: CACAO error="…"`. The client
 * gets only the code; `onRefused` and the log get the error. Rethrows an error that is not a `SessionError`, because it is a fault of
 * the server.
 */
export function refusalOf<R>(
  error: unknown,
  request: R,
  now: Clock = systemClock,
  vary: string = DEFAULT_VARY,
): Refusal {
  if (!(error instanceof SessionError)) throw error
  const time = now()
  const status = STATUSES.get(error.code) ?? 401
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      vary,
      // With the date, a client whose clock is wrong can sign again. The method tells a client that its browser followed a redirection.
      ...(Number.isFinite(time) && { date: new Date(time).toUTCString() }),
      ...(error.code === 'ERR_REQUEST_SIGNATURE' && { [RECEIVED_METHOD]: methodOf(request) }),
      [EXPOSE]: EXPOSED,
      ...(status === 401 && { 'www-authenticate': `CACAO error="${error.code}"` }),
      ...((status === 503 || status === 429) && { 'retry-after': '1' }),
    },
    body: JSON.stringify({ code: error.code }),
  }
}

function methodOf(request: unknown): string {
  const { method } = (request ?? {}) as { readonly method?: unknown }
  return typeof method === 'string' ? method : ''
}

/**
 * Returns the headers of an answer, with what other middleware, such as `cors()`, has put into those that are lists: without its
 * `Vary: Origin`, a cache could give the answer for one origin to another. `before` returns the value of a header so far.
 */
export function mergedHeaders(
  headers: Refusal['headers'],
  before: (name: string) => unknown,
): Record<string, string> {
  const merged = LISTS.filter((name) => name in headers).map((name) => {
    const list = [before(name) || []].flat().join(', ')
    // `Vary: *` includes every header. `*` among the exposed headers doesn't: with credentials, it is only a name.
    if (name === 'vary' && names(list, '*')) return [name, list]
    const missing = (headers[name] ?? '').split(', ').filter((own) => !names(list, own))
    return [name, [list || [], missing].flat().join(', ')]
  })
  return { ...headers, ...Object.fromEntries(merged) }
}

/** Returns the refusal as a `Response`. */
export function refusalResponse({ status, headers, body }: Refusal): Response {
  return new Response(body, { status, headers })
}

/** How an answer is marked as private. */
export interface AnswerMarks {
  /** The name of the header that carries the capability. */
  readonly vary: string
  /** Whether the request was a signed URL. Anyone with the URL is admitted, so it must not get into a cache or a `Referer` header. */
  readonly isSignedURL: boolean
}

/**
 * Marks a response as private and returns it: adds the capability's header to `Vary`, and sets `Cache-Control: private, no-store`
 * unless the handler has set `Cache-Control`. For a signed URL, it always sets `Cache-Control`, and also
 * `Referrer-Policy: no-referrer`. Returns a copy if the headers can't be changed, as those of a response from `fetch`.
 */
export function privateResponse(response: Response, marks: AnswerMarks): Response {
  try {
    markPrivate(response.headers, marks)
    return response
  } catch (error) {
    // A response with status 101 (switching protocols) can't be copied.
    if (!(error instanceof TypeError) || response.status < 200) return response
    const copy = new Response(response.body, response)
    markPrivate(copy.headers, marks)
    return copy
  }
}

function markPrivate(headers: Headers, { vary, isSignedURL }: AnswerMarks): void {
  const before = headers.get('vary')
  if (!names(before, '*') && !names(before, vary)) headers.append('vary', vary)
  if (isSignedURL || !headers.has('cache-control')) headers.set('cache-control', CACHE_CONTROL)
  if (isSignedURL) headers.set('referrer-policy', REFERRER_POLICY)
}

/** Whether the value of a header that is a list of names contains the name. */
function names(list: string | null, name: string): boolean {
  return (list ?? '').split(',').some((each) => each.trim().toLowerCase() === name.toLowerCase())
}
