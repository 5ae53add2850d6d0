import type { MiddlewareHandler } from 'hono'
import { incomingRequest } from '../http/incoming.js'
import { incomingVerifier, type VerifiedRequest } from '../http/verify-request.js'
import { type RequireSessionOptions, refusalOf, refusalResponse } from './refusal.js'

export type { VerifiedRequest } from '../http/verify-request.js'
export type { RequireSessionOptions } from './refusal.js'

/** What the middleware leaves for the handlers after it. */
export interface SessionVariables {
  /** Who is calling. */
  readonly caller: VerifiedRequest
}

/**
 * Hono middleware that lets signed requests through only; `c.var.caller` says whose they are. Others get a refusal: 401,
 * 403, 413 or 503, with a code. Where pages of another origin call, Hono's `cors()` goes before it.
 *
 * @example
 * app.use('/api/*', requireSession(options))
 * app.get('/api/me', (c) => c.json({ account: c.var.caller.account }))
 */
export function requireSession(
  options: RequireSessionOptions,
): MiddlewareHandler<{ Variables: SessionVariables }> {
  const verify = incomingVerifier(options)
  return async (c, next) => {
    const request = c.req.raw
    try {
      c.set('caller', await verify(incomingRequest(request), request))
    } catch (error) {
      return refusalResponse(refusalOf(error, request, options))
    }
    await next()
    return undefined
  }
}
