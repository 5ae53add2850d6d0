import { incomingRequest } from '../http/incoming-request.js'
import type { VerifiedRequest } from '../http/verify-request.js'
import { privateResponse, refusalResponse } from './answer.js'
import { discardBody } from './discard-body.js'
import { notCalledBy, type RequireSessionOptions, sessionGuard } from './guard.js'

export type { DelegationOptions, Domains } from '../capability/check-options.js'
export type { Caller } from '../http/capability-gate.js'
export type { OfRequest, WantedResources } from '../http/requirements.js'
export type { Check } from '../http/second-check.js'
export type { RequestVerifierOptions, VerifyRequestOptions } from '../http/verify-options.js'
export type { StepTimes, VerifiedRequest, VerifyStep } from '../http/verify-request.js'
export type { RequireSessionOptions } from './guard.js'

/** A fetch handler. Its second argument is the caller, followed by the other arguments that the platform passes. */
export type SessionHandler<Rest extends unknown[] = []> = (
  request: Request,
  caller: VerifiedRequest,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Wraps a fetch handler so that it gets signed requests only: for Deno, Bun, Cloudflare Workers, route handlers of Next.js, and
 * any other server that is a function from `Request` to `Response`. Other requests are answered with 401, 403, 413, 429 or 503
 * and the code of the error as JSON. The handler's request has the verified URL, and its response is marked as private
 * (`Vary`, `Cache-Control`). Throws a `TypeError` for wrong options.
 *
 * @example
 * Deno.serve(requireSession(options, (request, caller) => Response.json({ hello: caller.account })))
 */
export function requireSession<Rest extends unknown[] = []>(
  options: RequireSessionOptions,
  handler: SessionHandler<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  if (typeof handler !== 'function') throw new TypeError('handler must be a function of the request')
  const guard = sessionGuard(options)
  return async (request, ...rest) => {
    if (typeof request?.headers?.get !== 'function') throw notCalledBy('fetch', 'a Request')
    const incoming = incomingRequest(request)
    const verdict = await guard(request, () => incoming)
    if (verdict.refusal) {
      await discardBody(incoming)
      return refusalResponse(verdict.refusal)
    }
    return privateResponse(await handler(verdict.request, verdict.caller, ...rest), verdict.marks)
  }
}
