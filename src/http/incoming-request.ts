import { concat } from '../base/bytes.js'
import type { SessionError } from '../base/errors.js'
import { refused } from './verify-signature.js'

const MAX_TARGET_LENGTH = 65_536
// The names of this machine itself, where pages and servers are tried out without TLS.
const LOOPBACK = /^(?:localhost|[^.]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/

/**
 * The one URL of a request: the configured authority, and the target as it came. Nothing of it is what the client named as
 * host, and nothing was rewritten: throws `ERR_REQUEST_SIGNATURE` for a target that a URL would spell in another way (dot
 * segments, a fragment, a backslash, an absolute form), because it would be one thing to sign and another to handle. The
 * scheme is https, which a proxy may have ended before this server, but for this machine itself.
 */
export function verifiedURL(
  authority: string,
  { target, isEncrypted }: Pick<IncomingRequest<unknown>, 'target' | 'isEncrypted'>,
): URL {
  const scheme = !isEncrypted && LOOPBACK.test(authority) ? 'http' : 'https'
  const text = `${scheme}://${authority}${target}`
  const url = target.startsWith('/') && target.length <= MAX_TARGET_LENGTH ? parsed(text) : undefined
  // A fragment may be empty, and is one all the same.
  if (url?.href === text && !target.includes('#') && url.host === authority) return url
  throw refused('SIGNATURE', 'its target must be a path and a query as URLs write them, without dot segments')
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** What a server has received, as far as it has to be looked at; of web standard requests and Node's alike. */
export interface IncomingRequest<R> {
  readonly method: string
  /** Path and query as they came, to the letter. */
  readonly target: string
  /** The host that the client named. Only ever compared with what the server is configured for. */
  readonly host: string | undefined
  /** Whether it came over TLS, as far as this process can tell: a proxy may have ended that. */
  readonly isEncrypted: boolean
  /** A header's value; several of one name are joined by `, `. */
  header(name: string): string | undefined
  /** The server's own request as everything after the verification sees it: for this URL, whatever the client named as host. */
  at(url: string): R | Promise<R>
  /** The body, which can be read again afterwards, as long as `limits` allow. */
  body(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>>
}

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  /** Bytes that the whole body may have. */
  readonly maxBytes: number
  /** Asked before so many bytes more are held; throws where there is no room for them. */
  hold(bytes: number): void
  /** Milliseconds to wait for the end of the body. */
  readonly waitMs: number
}

/**
 * A web standard request that was received. Its own body stays unread. Where `keepsOriginal`, it is a copy that gets
 * another URL, and the request itself can still be read by whoever has it.
 */
export function incomingRequest(received: Request, keepsOriginal = false): IncomingRequest<Request> {
  let request = received
  const { protocol, host, username, password } = new URL(request.url)
  const origin = `${protocol}//${host}`
  const hasPlainOrigin = username === '' && password === '' && request.url.startsWith(origin)
  return {
    method: request.method,
    // A target that doesn't begin with a slash is refused.
    target: hasPlainOrigin ? request.url.slice(origin.length) : request.url,
    host,
    isEncrypted: protocol === 'https:',
    header: (name) => received.headers.get(name) ?? undefined,
    async at(url) {
      if (request.url !== url) request = await movedTo(url, keepsOriginal ? request.clone() : request)
      return request
    },
    body: (limits) => readBody(keepsOriginal ? received : request, limits),
  }
}

/** The same request under another URL. It takes the body over, so that the first one can't be read any more. */
async function movedTo(url: string, request: Request): Promise<Request> {
  const { method, headers, signal, redirect } = request
  // Firefox gives requests no stream.
  const isUnreadable = request.body === undefined && !isWithoutBody(method)
  const body = isUnreadable ? await request.blob() : request.body
  // What Cloudflare has put beside the standard members goes along.
  const { cf } = request as { readonly cf?: unknown }
  const init = {
    method,
    headers,
    signal,
    redirect,
    ...(body && { body, duplex: 'half' }),
    ...(cf !== undefined && { cf }),
  }
  return new Request(url, init)
}

function isWithoutBody(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  if (request.bodyUsed) throw new TypeError('verify a request before its body is read, or keep a clone of it')
  if (Number(request.headers.get('content-length')) > limits.maxBytes) throw tooLarge(limits)
  if (request.body === null) return new Uint8Array()
  const copy = request.clone()
  const reader = copy.body?.getReader()
  if (!reader) {
    // Firefox gives requests no stream.
    const whole = new Uint8Array(await copy.arrayBuffer())
    if (whole.length > limits.maxBytes) throw tooLarge(limits)
    return whole
  }
  const parts: Uint8Array[] = []
  let length = 0
  return inTime(
    limits,
    async () => {
      try {
        for (;;) {
          const { done, value } = await reader.read().catch((cause: unknown) => {
            throw cutOff(cause)
          })
          if (done) return concat(...parts)
          length += value.length
          if (length > limits.maxBytes) throw tooLarge(limits)
          limits.hold(value.length)
          parts.push(value)
        }
      } finally {
        // The other half keeps what was read, so this is not waited for.
        reader.cancel().catch(() => undefined)
      }
    },
    () => void reader.cancel().catch(() => undefined),
  )
}

/** What the work gives, unless it takes longer than the limits allow: then it is stopped, and the request refused. */
export async function inTime<T>(
  { waitMs }: BodyLimits,
  work: () => Promise<T>,
  stop: () => void,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(refused('STALE', 'its body had not arrived when its signature expired: sign it again'))
      stop()
    }, waitMs)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** A body has more bytes than are read. */
export function tooLarge({ maxBytes }: BodyLimits): SessionError {
  return refused('TOO_LARGE', `its body has more than ${maxBytes} bytes`)
}

/** A body ended before its end: its sender's fault, and none of the server's. */
export function cutOff(cause?: unknown): SessionError {
  return refused('DIGEST', 'its body did not come to its end', cause)
}
