import type { VerifiedRequest } from '../http/verify-request.js'
import { mergedHeaders } from './answer.js'
import { discardNodeBody } from './discard-body.js'
import { notCalledBy, type RequireSessionOptions, sessionGuard } from './guard.js'
import { incomingMessage, type NodeRequest } from './node-request.js'
import { type MarkedResponse, markPrivateNode, type NodeResponse } from './node-response.js'

export type { DelegationOptions, Domains } from '../capability/check-options.js'
export type { Caller } from '../http/capability-gate.js'
export type { OfRequest, WantedResources } from '../http/requirements.js'
export type { Check } from '../http/second-check.js'
export type { RequestVerifierOptions, VerifyRequestOptions } from '../http/verify-options.js'
export type { StepTimes, VerifiedRequest, VerifyStep } from '../http/verify-request.js'
export type { RequireSessionOptions } from './guard.js'
export type { NodeRequest } from './node-request.js'
export type { NodeResponse } from './node-response.js'

const callers = new WeakMap<object, VerifiedRequest>()

/**
 * Middleware for Express, Connect and plain `node:http` that accepts signed requests only. For those, `callerOf(request)`
 * returns the caller. Other requests are answered with 401, 403, 413, 429 or 503 and the code of the error as JSON.
 * Responses are marked as private (`Vary`, `Cache-Control`), and `request.headers.host` is set to the verified authority.
 * Put it before body parsers, which can still read the body, and after `cors()`, if pages of another origin send requests. Throws a
 * `TypeError` for wrong options.
 *
 * @example
 * app.use('/api', requireSession(options), express.json())
 * app.get('/api/me', (request, response) => response.json({ account: callerOf(request).account }))
 */
export function requireSession<R extends NodeRequest = NodeRequest>(
  options: RequireSessionOptions<R>,
): (request: R, response: NodeResponse, next: (error?: unknown) => void) => void {
  const guard = sessionGuard(options)
  return (request, response, next) => {
    if (typeof response?.writeHead !== 'function')
      throw notCalledBy('express', 'a request and a response of Express or node:http')
    guard(request, () => incomingMessage(request)).then(async (verdict) => {
      const { refusal } = verdict
      if (!refusal) {
        callers.set(request, verdict.caller)
        markPrivateNode(response as MarkedResponse, verdict.marks)
        return next()
      }
      await discardNodeBody(request, response)
      // A different middleware, such as a time limit, may have answered in the meantime.
      if (response.headersSent) return
      const headers = mergedHeaders(refusal.headers, (name) => response.getHeader(name))
      response.writeHead(refusal.status, headers).end(refusal.body)
    }, next)
  }
}

/** Returns the caller. Throws an `Error` if `requireSession` has not accepted the request, so that no request passes unverified. */
export function callerOf(request: object): VerifiedRequest {
  const caller = callers.get(request)
  if (caller) return caller
  throw new Error(
    'callerOf: requireSession has not accepted this request: put requireSession before this handler',
  )
}
