import { incomingVerifier, type VerifiedRequest } from '../http/verify-request.js'
import { incomingMessage, type NodeRequest } from './node-request.js'
import { type Refusal, type RequireSessionOptions, refusalOf } from './refusal.js'

export type { VerifiedRequest } from '../http/verify-request.js'
export type { NodeRequest } from './node-request.js'
export type { RequireSessionOptions } from './refusal.js'

/** As much of Node's `ServerResponse`, or of Express's, as a refusal needs. */
export interface NodeResponse {
  readonly headersSent: boolean
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}

const callers = new WeakMap<object, VerifiedRequest>()

/**
 * Middleware for Express, Connect and plain `node:http` that lets signed requests through only; `callerOf(request)` says
 * whose they are. Others get a refusal: 401, 403, 413 or 503, with a code. It goes before body parsers, which find the
 * body as it came; and after `cors()`, where pages of another origin call.
 *
 * @example
 * app.use('/api', requireSession(options), express.json())
 * app.get('/api/me', (request, response) => response.json({ account: callerOf(request).account }))
 */
export function requireSession<R extends NodeRequest = NodeRequest>(
  options: RequireSessionOptions<R>,
): (request: R, response: NodeResponse, next: (error?: unknown) => void) => void {
  const verify = incomingVerifier(options)
  const admit = async (request: R): Promise<Refusal | undefined> => {
    try {
      callers.set(request, await verify(incomingMessage(request), request))
      return undefined
    } catch (error) {
      return refusalOf(error, request, options)
    }
  }
  return (request, response, next) => {
    admit(request).then((refusal) => {
      if (!refusal) return next()
      // Something else may have answered meanwhile, such as a time limit.
      if (response.headersSent) return
      // What is left of a body that nobody will read must not be taken for the next request.
      const headers = refusal.status === 413 ? { ...refusal.headers, connection: 'close' } : refusal.headers
      response.writeHead(refusal.status, headers).end(refusal.body)
    }, next)
  }
}

/** Who is calling. Throws where `requireSession` did not let the request through, so that none is taken for signed. */
export function callerOf(request: object): VerifiedRequest {
  const caller = callers.get(request)
  if (caller) return caller
  throw new Error('callerOf: requireSession has not verified this request; put it before this handler')
}
