import { within } from '../base/environment.js'

// As long as Node keeps an idle connection by default.
const DISCARD_MS = 5_000

/**
 * Reads and discards what is left of a refused request's body, for at most five seconds, if the connection is to be closed after the
 * answer, as nginx asks of its servers by default. Node and Bun would otherwise close it while the body is still being sent, so that
 * the answer is lost (RFC 9112 §9.6) and nginx answers 502 instead.
 */
export async function discardBody(request: Request): Promise<void> {
  const isLast = /\bclose\b/i.test(request.headers.get('connection') ?? '')
  if (!isLast) return
  try {
    const { body } = request
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
