import { incomingVerifier, type VerifiedRequest } from '../http/verify-request.js'
import {
  type MarkedResponse,
  markPrivateNode,
  type Refusal,
  type RequireSessionOptions,
  readSessionOptions,
  refusalOf,
} from './answer.js'
import { incomingMessage, type NodeRequest } from './node-request.js'

export type { DelegationOptions, Domains } from '../capability/check-options.js'
export type { OfRequest, WantedResources } from '../http/requirements.js'
export type { VerifiedRequest } from '../http/verify-request.js'
export type { RequireSessionOptions } from './answer.js'
export type { NodeRequest } from './node-request.js'

/** As much of Node's `ServerResponse`, or of Express's, as a refusal needs, and to mark an answer as one caller's. */
export interface NodeResponse {
  readonly headersSent: boolean
  getHeader(name: string): unknown
  setHeader(name: string, value: string | string[]): unknown
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}

const callers = new WeakMap<object, VerifiedRequest>()

/**
 * Middleware for Express, Connect and plain `node:http` that lets signed requests through only; `callerOf(request)` says
 * whose they are. Others get a refusal: 401, 403, 413, 429 or 503, with a code. Answers are marked as one caller's (`Vary`,
 * `Cache-Control`), and `request.headers.host` is the verified authority. It goes before body parsers, which find the
 * body as it came; and after `cors()`, where pages of another origin call.
 *
 * @example
 * app.use('/api', requireSession(options), express.json())
 * app.get('/api/me', (request, response) => response.json({ account: callerOf(request).account }))
 */
export function requireSession<R extends NodeRequest = NodeRequest>(
  options: RequireSessionOptions<R>,
): (request: R, response: NodeResponse, next: (error?: unknown) => void) => void {
  const { verifier, onRefused } = readSessionOptions(options)
  const verify = incomingVerifier(verifier)
  const admit = async (request: R): Promise<Refusal | undefined> => {
    try {
      const incoming = incomingMessage(request)
      const caller = await verify(incoming)
      await incoming.at(caller.url)
      callers.set(request, caller)
      return undefined
    } catch (error) {
      return refusalOf(error, request, onRefused)
    }
  }
  return (request, response, next) => {
    admit(request).then((refusal) => {
      if (!refusal) {
        markPrivateNode(response as MarkedResponse)
        return next()
      }
      // Something else may have answered meanwhile, such as a time limit.
      if (response.headersSent) return
      // What is left of a body that nobody will read must not be taken for the next request, nor be waited for.
      const headers = request.complete ? refusal.headers : { ...refusal.headers, ...closing(request) }
      response.writeHead(refusal.status, headers).end(refusal.body)
    }, next)
  }
}

// HTTP/2 has no such header, and needs none: what is left belongs to one stream.
function closing({ stream }: NodeRequest): Record<string, string> {
  return stream ? {} : { connection: 'close' }
}

/** Who is calling. Throws where `requireSession` did not let the request through, so that none is taken for signed. */
export function callerOf(request: object): VerifiedRequest {
  const caller = callers.get(request)
  if (caller) return caller
  throw new Error('callerOf: requireSession has not verified this request; put it before this handler')
}
