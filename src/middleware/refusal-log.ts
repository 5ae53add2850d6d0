import type { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import type { Clock } from '../base/time.js'
import { signedElsewhere } from '../http/verify-signature.js'

// A client that fails again and again must not fill the log.
const EVERY_MS = 1000
const MOST_CHARACTERS = 1000

/**
 * Writes a line to the server's log (`console.warn`) for a refusal: the request's method and path, the code, and the reason with
 * what was expected and what came. At most one line a second; the next one says how many were left out. It contains no
 * capability, signature or query, which may be secret.
 */
export function refusalLog(now: Clock): (error: SessionError, request: unknown) => Promise<void> {
  let last = Number.NEGATIVE_INFINITY
  let leftOut = 0
  return async (error, request) => {
    const time = now()
    // Written so that a clock that was set back doesn't end the log.
    if (Math.abs(time - last) < EVERY_MS) {
      leftOut++
      return
    }
    const others = leftOut > 0 ? ` (${leftOut} more refusals since the last line)` : ''
    last = time
    leftOut = 0
    // Only for what is written, so that nobody can make each refusal cost more.
    const elsewhere = await signedElsewhere(error)
    const hint = elsewhere ? `. It was signed for ${elsewhere}` : hintFor(request)
    const line = `cacao-session refused ${nameOf(request)}: ${error.code}: ${error.message}${hint}${others}`
    console.warn(withoutHidden(line.slice(0, MOST_CHARACTERS), () => ' '))
  }
}

function nameOf(request: unknown): string {
  const { method, url } = (request ?? {}) as { method?: unknown; url?: unknown }
  const [path = ''] = String(url).split('?', 1)
  return `${String(method)} ${path.replace(/^https?:\/\/[^/]*/, '')}`
}

// A browser asks so before it sends a request to another origin, and signs nothing.
function hintFor(request: unknown): string {
  const isPreflight = headerOf(request, 'access-control-request-method') !== undefined
  return isPreflight
    ? '. It is a CORS preflight: answer it before this middleware, for example with cors(), and allow the headers authorization (or the capabilityHeader), content-digest, content-type, signature and signature-input'
    : ''
}

function headerOf(request: unknown, name: string): unknown {
  const { headers } = (request ?? {}) as { headers?: Headers | Record<string, unknown> }
  if (!headers) return undefined
  return 'get' in headers && typeof headers.get === 'function'
    ? (headers.get(name) ?? undefined)
    : (headers as Record<string, unknown>)[name]
}
