import { incomingRequest } from '../http/incoming-request.js'
import { incomingVerifier, type VerifiedRequest } from '../http/verify-request.js'
import {
  privateResponse,
  type RequireSessionOptions,
  readSessionOptions,
  refusalOf,
  refusalResponse,
} from './answer.js'

export type { DelegationOptions, Domains } from '../capability/check-options.js'
export type { OfRequest, WantedResources } from '../http/requirements.js'
export type { VerifiedRequest } from '../http/verify-request.js'
export type { RequireSessionOptions } from './answer.js'

/** A fetch handler that is told who is calling; whatever else its platform passes comes after that. */
export type SessionHandler<Rest extends unknown[] = []> = (
  request: Request,
  caller: VerifiedRequest,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Lets a fetch handler answer signed requests only: for Deno, Bun, Workers, route handlers of Next.js, and wherever else
 * a server is a function from `Request` to `Response`. Others get a refusal: 401, 403, 413, 429 or 503, with a code. The
 * handler's request has the verified URL, and its answer is marked as one caller's (`Vary`, `Cache-Control`).
 *
 * @example
 * Deno.serve(requireSession(options, (request, caller) => Response.json({ hello: caller.account })))
 */
export function requireSession<Rest extends unknown[] = []>(
  options: RequireSessionOptions,
  handler: SessionHandler<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response> {
  if (typeof handler !== 'function') throw new TypeError('handler must be a function of the request')
  const { verifier, onRefused } = readSessionOptions(options)
  const verify = incomingVerifier(verifier)
  return async (request, ...rest) => {
    const incoming = incomingRequest(request)
    let caller: VerifiedRequest
    try {
      caller = await verify(incoming)
    } catch (error) {
      return refusalResponse(refusalOf(error, request, onRefused))
    }
    return privateResponse(await handler(await incoming.at(caller.url), caller, ...rest))
  }
}
