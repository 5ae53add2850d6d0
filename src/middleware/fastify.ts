import { hasURLSignature } from '../http/signed-url.js'
import type { VerifiedRequest } from '../http/verify-request.js'
import { mergedHeaders } from './answer.js'
import { discardNodeBody } from './discard-body.js'
import { notCalledBy, type RequireSessionOptions, sessionGuard } from './guard.js'
import { incomingMessage, type NodeRequest, removeURLSignature } from './node-request.js'
import { type MarkedResponse, markPrivateNode } from './node-response.js'

export type { DelegationOptions, Domains } from '../capability/check-options.js'
export type { Caller } from '../http/capability-gate.js'
export type { OfRequest, WantedResources } from '../http/requirements.js'
export type { Check } from '../http/second-check.js'
export type { RequestVerifierOptions, VerifyRequestOptions } from '../http/verify-options.js'
export type { StepTimes, VerifiedRequest, VerifyStep } from '../http/verify-request.js'
export type { RequireSessionOptions } from './guard.js'
export type { NodeRequest } from './node-request.js'

/** The members of a `FastifyRequest` that the hook needs. */
export interface SessionFastifyRequest {
  /** Node's request. */
  readonly raw: object
  /** The target as it was received, before `rewriteUrl`. */
  readonly originalUrl: string
  /** The query, which is parsed before hooks. */
  readonly query?: unknown
}

/** The members of a `FastifyReply` that the hook needs. */
export interface SessionFastifyReply {
  /** Node's response. */
  readonly raw: object
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  /** Without it, a refusal replaces a `Vary` and an `Access-Control-Expose-Headers` that were set before the hook. */
  getHeader?(name: string): unknown
  send(body: string): unknown
}

const callers = new WeakMap<object, VerifiedRequest>()

/**
 * Returns a hook for Fastify that accepts signed requests only. For those, `callerOf(request)` returns the caller. Other requests are
 * answered with 401, 403, 413, 429 or 503 and the code of the error as JSON. Add it as an `onRequest` hook, which runs before the body
 * is parsed; parsers can still read the body. Responses are marked as private (`Vary`, `Cache-Control`), and
 * `request.headers.host` is set to the verified authority. Register `@fastify/cors` before it, if pages of another origin send
 * requests. Throws a `TypeError` for wrong options.
 *
 * @example
 * app.addHook('onRequest', requireSession(options))
 * app.get('/api/me', async (request) => ({ account: callerOf(request).account }))
 */
export function requireSession<R extends SessionFastifyRequest = SessionFastifyRequest>(
  options: RequireSessionOptions<R>,
): (request: NoInfer<R>, reply: SessionFastifyReply) => Promise<unknown> {
  const guard = sessionGuard(options)
  // `NoInfer`: otherwise TypeScript infers from the options of a route, which are generic, that R is `never`.
  return async (request, reply) => {
    if (typeof request?.raw !== 'object' || typeof reply?.code !== 'function')
      throw notCalledBy('fastify', "a request and a reply, as by app.addHook('onRequest', requireSession(…))")
    const raw = request.raw as NodeRequest
    const verdict = await guard(request, () => {
      const incoming = incomingMessage(raw, request.originalUrl)
      return {
        ...incoming,
        async at(url, pass) {
          await incoming.at(url, pass)
          if (!hasURLSignature(url)) removeURLSignature({ query: request.query })
          return request
        },
      }
    })
    if (!verdict.refusal) {
      callers.set(request, verdict.caller)
      markPrivateNode(reply.raw as MarkedResponse, verdict.marks)
      return undefined
    }
    const { refusal } = verdict
    await discardNodeBody(raw, reply.raw)
    reply.code(refusal.status)
    reply.headers(mergedHeaders(refusal.headers, (name) => reply.getHeader?.(name)))
    reply.send(refusal.body)
    // Returning the reply tells Fastify that the hook has answered, so nothing else runs.
    return reply
  }
}

/** Returns the caller. Throws an `Error` if `requireSession` has not accepted the request, so that no request passes unverified. */
export function callerOf(request: object): VerifiedRequest {
  const caller = callers.get(request)
  if (caller) return caller
  throw new Error(
    'callerOf: requireSession has not accepted this request: add it as an onRequest hook for this route',
  )
}
