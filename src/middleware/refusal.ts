import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { functionOption, setting } from '../base/options.js'
import { type RequestVerifierOptions, splitOptions } from '../http/verify-options.js'

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
