import { within } from '../base/environment.js'
import type { IncomingWebRequest } from '../http/incoming-request.js'
import type { NodeRequest } from './node-request.js'
import type { NodeResponse } from './node-response.js'

// A refused request is answered before its body was read. If the connection were closed while the client sends, the client would lose
// the answer (RFC 9112 §9.6), and a proxy would answer 502. So the rest of the body is read and discarded, for a limited time.

// As long as Node keeps an idle connection by default.
const DISCARD_MS = 5_000

/**
 * Discards the part of a body that is still to come, for at most five seconds, and resolves when the request can be answered. Where
 * the server closes the connection after the answer, as nginx asks of its servers by default, the answer has to wait.
 */
export async function discardBody(incoming: IncomingWebRequest): Promise<void> {
  const isLast = /\bclose\b/i.test(incoming.header('connection') ?? '')
  // Servers keep a connection usable themselves.
  if (!isLast) return
  try {
    const { body } = incoming.latest
    // Locked if other code of the server reads it.
    if (!body || body.locked) return
    const reader = body.getReader()
    await within(DISCARD_MS, readToEnd(reader))
    // Not awaited: `cancel` on one branch of a cloned body settles only when the other branch is cancelled too.
    reader.cancel().catch(() => undefined)
  } catch {
    // The connection broke, or the request is so malformed that it can't give its body.
  }
}

async function readToEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

/**
 * The same for a request of Node. What has not arrived in time is cut off with the connection. A request of HTTP/2 needs none of this,
 * because it has a stream of its own.
 */
export async function discardNodeBody(
  request: NodeRequest,
  { shouldKeepAlive }: Pick<NodeResponse, 'shouldKeepAlive'>,
): Promise<void> {
  if (request.complete !== false || request.stream || request.destroyed) return
  const closed = new Promise<true>((resolve) => request.on('close', () => resolve(true)))
  request.resume()
  const rest = within(DISCARD_MS, closed)
  if (shouldKeepAlive === false) await rest
  else rest.then((isWhole) => isWhole || request.destroy())
}
