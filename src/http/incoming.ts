import { concat } from '../base/bytes.js'
import type { SessionError } from '../base/errors.js'
import { refused } from './verify-signature.js'

/** What a server has received, as far as it has to be looked at; of web standard requests and Node's alike. */
export interface IncomingRequest {
  readonly method: string
  /** Path and query as they came. */
  readonly target: string
  /** The host that the client named. Only ever compared with what the server is configured for. */
  readonly host: string | undefined
  /** A header's value; several of one name are joined by `, `. */
  header(name: string): string | undefined
  /** The body, which can be read again afterwards; `undefined` if it has more bytes than that. */
  body(maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined>
}

/** A web standard request that was received. Its own body stays unread. */
export function incomingRequest(request: Request): IncomingRequest {
  const { host, pathname, search } = new URL(request.url)
  return {
    method: request.method,
    target: pathname + search,
    host,
    header: (name) => request.headers.get(name) ?? undefined,
    body: (maxBytes) => readBody(request, maxBytes),
  }
}

async function readBody(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (request.bodyUsed) throw new TypeError('verify a request before its body is read, or keep a clone of it')
  if (Number(request.headers.get('content-length')) > maxBytes) return undefined
  if (request.body === null) return new Uint8Array()
  const reader = request.clone().body?.getReader()
  if (!reader) {
    // Firefox gives requests no stream.
    const whole = new Uint8Array(await request.clone().arrayBuffer())
    return whole.length > maxBytes ? undefined : whole
  }
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw cutOff(cause)
    })
    if (done) return concat(...parts)
    parts.push(value)
    length += value.length
    if (length > maxBytes) {
      // The other half keeps what was read, so this is not waited for.
      reader.cancel().catch(() => undefined)
      return undefined
    }
  }
}

/** A body ended before its end: its sender's fault, and none of the server's. */
export function cutOff(cause?: unknown): SessionError {
  return refused('DIGEST', 'its body did not come to its end', cause)
}
