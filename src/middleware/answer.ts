import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { functionOption, setting } from '../base/options.js'
import { type RequestVerifierOptions, splitOptions } from '../http/verify-options.js'

// An answer to a signed request is one caller's: a cache that kept it by its URL would give it to the next person.

const VARY = 'Authorization'
const CACHE_CONTROL = 'private, no-store'

/** Says so in an answer's headers: always in `Vary`, and in `Cache-Control` unless the handler chose another. */
function markPrivate(headers: Headers): void {
  if (!namesAuthorization(headers.get('vary'))) headers.append('vary', VARY)
  if (!headers.has('cache-control')) headers.set('cache-control', CACHE_CONTROL)
}

/** The answer, marked; a copy of it where its headers can't be changed, as those that `fetch` gives. */
export function privateResponse(response: Response): Response {
  try {
    markPrivate(response.headers)
    return response
  } catch (error) {
    // A switch of protocols (101) has no other form.
    if (!(error instanceof TypeError) || response.status < 200) return response
    const copy = new Response(response.body, response)
    markPrivate(copy.headers)
    return copy
  }
}

/** As much of a response of Node as it takes to mark it. */
export interface MarkedResponse {
  readonly headersSent: boolean
  getHeader(name: string): unknown
  setHeader(name: string, value: string | string[]): unknown
  writeHead(status: number, ...rest: unknown[]): unknown
}

/** Marks what Node is going to answer, at the moment at which its head is written and the handler has said everything. */
export function markPrivateNode(response: MarkedResponse): void {
  const { writeHead } = response
  response.writeHead = function (this: MarkedResponse, status: number, ...rest: unknown[]): unknown {
    if (this.headersSent) return writeHead.call(this, status, ...rest)
    const reason = rest.filter((argument) => typeof argument === 'string')
    for (const [name, value] of headersIn(rest.at(-1))) this.setHeader(name, value)
    const vary = this.getHeader('vary')
    const varies = Array.isArray(vary) ? vary.join(', ') : typeof vary === 'string' ? vary : ''
    if (!namesAuthorization(varies)) this.setHeader('vary', varies === '' ? VARY : `${varies}, ${VARY}`)
    if (this.getHeader('cache-control') === undefined) this.setHeader('cache-control', CACHE_CONTROL)
    return writeHead.call(this, status, ...reason)
  }
}

// What `writeHead` takes: an object, a list of pairs, or a list of names and values in turn.
function headersIn(given: unknown): [string, string | string[]][] {
  if (typeof given !== 'object' || given === null) return []
  if (!Array.isArray(given)) return Object.entries(given).filter(([, value]) => value !== undefined)
  const pairs: unknown[][] = Array.isArray(given[0])
    ? given
    : Array.from({ length: Math.floor(given.length / 2) }, (_, i) => given.slice(2 * i, 2 * i + 2))
  const headers = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    const key = String(name)
    headers.set(key, [...(headers.get(key) ?? []), ...(Array.isArray(value) ? value : [value]).map(String)])
  }
  return [...headers].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values])
}

function namesAuthorization(vary: string | null): boolean {
  return (vary ?? '').split(',').some((name) => ['authorization', '*'].includes(name.trim().toLowerCase()))
}

/** How a middleware verifies requests, and who is told of refusals. */
export interface RequireSessionOptions<R = Request> extends RequestVerifierOptions<R> {
  /** Told of each refusal, with what the client is not told: for logs. */
  onRefused?: (error: SessionError, request: R) => void
}

/** The options for the verifier, and who is told of refusals. Throws a `TypeError` that names the wrong one. */
export function readSessionOptions<R>(options: RequireSessionOptions<R>): {
  readonly verifier: RequestVerifierOptions<R>
  readonly onRefused: RequireSessionOptions<R>['onRefused']
} {
  const { own, others } = splitOptions<{ onRefused: RequireSessionOptions<R>['onRefused'] }>(options, {
    onRefused: setting(functionOption('a function that is told of refusals')),
  })
  return { verifier: others as unknown as RequestVerifierOptions<R>, onRefused: own.onRefused }
}

/** What a refused client is told: a status, and the code of what is wrong. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON. */
  readonly body: string
}

const STATUSES: ReadonlyMap<SessionErrorCode, number> = new Map([
  ['ERR_ENVIRONMENT', 500],
  ['ERR_CAPABILITY_RESOURCES', 403],
  ['ERR_REQUEST_TOO_LARGE', 413],
  ['ERR_REQUEST_LIMIT', 429],
  ['ERR_STORE_UNAVAILABLE', 503],
  ['ERR_RPC_UNAVAILABLE', 503],
])

/**
 * The answer to a request that was refused: 403 where the capability doesn't cover it, 413 where its body is too large,
 * 429 where too much of its capability is under way, 503 where a store or a contract account's chain can't be asked, 500 where the server has no WebCrypto, else 401 with `WWW-Authenticate: CACAO error="…"`. Says the code and no more: why it
 * applies is for the server's own log. Throws whatever is not a `SessionError`: that is a fault of the server.
 */
export function refusalOf<R>(
  error: unknown,
  request: R,
  onRefused?: RequireSessionOptions<R>['onRefused'],
): Refusal {
  if (!(error instanceof SessionError)) throw error
  onRefused?.(error, request)
  const status = STATUSES.get(error.code) ?? 401
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      vary: 'Authorization',
      ...(status === 401 && { 'www-authenticate': `CACAO error="${error.code}"` }),
      ...((status === 503 || status === 429) && { 'retry-after': '1' }),
    },
    body: JSON.stringify({ code: error.code }),
  }
}

/** The refusal as a web standard response. */
export function refusalResponse({ status, headers, body }: Refusal): Response {
  return new Response(body, { status, headers })
}
