import type { MiddlewareHandler } from 'hono'
import { incomingRequest } from '../http/incoming-request.js'
import type { VerifiedRequest } from '../http/verify-request.js'
import { mergedHeaders, privateResponse, refusalResponse } from './answer.js'
import { discardBody } from './discard-body.js'
import { notCalledBy, type RequireSessionOptions, sessionGuard } from './guard.js'

export type { DelegationOptions, Domains } from '../capability/check-options.js'
export type { Caller } from '../http/capability-gate.js'
export type { OfRequest, WantedResources } from '../http/requirements.js'
export type { Check } from '../http/second-check.js'
export type { RequestVerifierOptions, VerifyRequestOptions } from '../http/verify-options.js'
export type { StepTimes, VerifiedRequest, VerifyStep } from '../http/verify-request.js'
export type { RequireSessionOptions } from './guard.js'

/** The context variables that the middleware sets for the handlers after it. */
export interface SessionVariables {
  /** The caller, as verified. */
  readonly caller: VerifiedRequest
}

/**
 * Hono middleware that accepts signed requests only. For those, `c.var.caller` is the caller. Other requests are answered
 * with 401, 403, 413, 429 or 503 and the code of the error as JSON. The handlers' request has the verified URL, and responses
 * are marked as private (`Vary`, `Cache-Control`). If pages of another origin send requests, put Hono's `cors()` before it. Throws
 * a `TypeError` for wrong options.
 *
 * @example
 * app.use('/api/*', requireSession(options))
 * app.get('/api/me', (c) => c.json({ account: c.var.caller.account }))
 */
export function requireSession(
  options: RequireSessionOptions,
): MiddlewareHandler<{ Variables: SessionVariables }> {
  const guard = sessionGuard(options)
  return async (c, next) => {
    const received = c?.req?.raw as Request | undefined
    if (!received) throw notCalledBy('hono', 'a context of Hono')
    const incoming = incomingRequest(received)
    const verdict = await guard(received, () => incoming)
    if (verdict.refusal) {
      await discardBody(incoming)
      const before = c.res.headers
      const headers = mergedHeaders(verdict.refusal.headers, (name) => before.get(name))
      c.res = refusalResponse(verdict.refusal)
      // Hono has copied the headers of the previous response, such as those of `cors()`, over the headers of the refusal.
      for (const [name, value] of Object.entries(headers)) c.res.headers.set(name, value)
      return undefined
    }
    c.set('caller', verdict.caller)
    c.req.raw = verdict.request
    await next()
    const marked = privateResponse(c.res, verdict.marks)
    if (marked === c.res) return undefined
    c.res = marked
    // Hono has copied the headers of the previous response over the marked ones.
    privateResponse(c.res, verdict.marks)
    return undefined
  }
}
