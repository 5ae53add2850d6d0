import type { MiddlewareHandler } from 'hono'
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

/** What the middleware leaves for the handlers after it. */
export interface SessionVariables {
  /** Who is calling. */
  readonly caller: VerifiedRequest
}

/**
 * Hono middleware that lets signed requests through only; `c.var.caller` says whose they are. Others get a refusal: 401,
 * 403, 413, 429 or 503, with a code. Handlers' requests have the verified URL, and answers are marked as one caller's (`Vary`,
 * `Cache-Control`). Where pages of another origin call, Hono's `cors()` goes before it.
 *
 * @example
 * app.use('/api/*', requireSession(options))
 * app.get('/api/me', (c) => c.json({ account: c.var.caller.account }))
 */
export function requireSession(
  options: RequireSessionOptions,
): MiddlewareHandler<{ Variables: SessionVariables }> {
  const { verifier, onRefused } = readSessionOptions(options)
  const verify = incomingVerifier(verifier)
  return async (c, next) => {
    const incoming = incomingRequest(c.req.raw)
    let caller: VerifiedRequest
    try {
      caller = await verify(incoming)
    } catch (error) {
      return refusalResponse(refusalOf(error, c.req.raw, onRefused))
    }
    c.set('caller', caller)
    c.req.raw = await incoming.at(caller.url)
    await next()
    c.res = privateResponse(c.res)
    return undefined
  }
}
