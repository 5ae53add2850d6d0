import { concat } from '../base/bytes.js'
import { LONGEST_TIMER_MS } from '../base/environment.js'
import type { SessionError } from '../base/errors.js'
import { parseURL } from '../base/url.js'
import { PASS_HEADER } from './second-check.js'
import { requestRefused } from './signature-profile.js'

const MAX_TARGET_LENGTH = 65_536
/** Matches hosts of the local machine, with or without a port. Pages and servers are developed there without TLS. */
export const LOOPBACK: RegExp = /^(?:localhost|[^.]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/

/** The parts of a received request that are verified. It is made from a web standard request or from Node's. */
export interface IncomingRequest<R> {
  readonly method: string
  /** Path and query exactly as they were received. */
  readonly target: string
  /**
   * The hosts in `Host` and `X-Forwarded-Host`. A client can write anything there, so they only decide which of the
   * configured authorities is tried first.
   */
  readonly hosts: readonly string[]
  /** Whether it was received over TLS. False if a proxy terminated TLS before this process. */
  readonly isEncrypted: boolean
  /** The value of a header field; several fields of one name are joined by `, `. */
  header(name: string): string | undefined
  /**
   * The server's own request object, with this URL instead of the one that the client named, and with `pass`, if given,
   * in its header for the next check of this process. Handlers get this request.
   */
  at(url: string, pass?: string): R | Promise<R>
  /** Reads the body, within `limits`. The body can be read again afterwards. */
  body(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>>
}

/** A web standard request that is verified. */
export interface IncomingWebRequest extends IncomingRequest<Request> {
  /** The request that has the body: the received one, or the one to which `at` has passed it on. */
  readonly latest: Request
}

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  /** Bytes that the whole body may have. */
  readonly maxBytes: number
  /** Called before `bytes` more bytes are buffered; throws if they would exceed the limit. */
  hold(bytes: number): void
  /** Milliseconds to wait for the end of the body. */
  readonly waitMs: number
}

/**
 * Wraps a web standard request. Verifying leaves its body readable. With `keepsOriginal`, `at` returns a copy with the
 * new URL and leaves the body of the original readable; otherwise the request that `at` returns takes over the body.
 */
export function incomingRequest(received: Request, keepsOriginal = false): IncomingWebRequest {
  let request = received
  const { protocol, host } = new URL(request.url)
  const origin = `${protocol}//${host}`
  return {
    get latest() {
      return request
    },
    method: request.method,
    // `verifiedURL` refuses a target that does not begin with a slash, such as that of a URL with a user name.
    target: request.url.startsWith(`${origin}/`) ? request.url.slice(origin.length) : request.url,
    hosts: [host, ...forwardedHosts(received.headers.get('x-forwarded-host'))],
    isEncrypted: protocol === 'https:',
    header: (name) => received.headers.get(name) ?? undefined,
    async at(url, pass) {
      if (request.url !== url || pass !== undefined)
        request = await withURL(url, keepsOriginal ? request.clone() : request, pass)
      return request
    },
    body: (limits) => readBody(keepsOriginal ? received : request, limits),
  }
}

/**
 * Returns the request with another URL. The result takes over the body, so the body of the given request can't be read
 * any more.
 */
async function withURL(url: string, request: Request, pass?: string): Promise<Request> {
  const { method, signal, redirect } = request
  const headers = pass === undefined ? request.headers : new Headers(request.headers)
  if (pass !== undefined) headers.set(PASS_HEADER, pass)
  // Firefox has no `Request.body`, so there the body has to be read.
  const hasHiddenBody = request.body === undefined && method !== 'GET' && method !== 'HEAD'
  const body = hasHiddenBody ? await request.blob() : request.body
  // Cloudflare adds the member `cf`, which handlers use.
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

async function readBody(request: Request, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  if (request.bodyUsed)
    throw new TypeError(
      "the request's body was already read: verify the request first, or verify a clone of it",
    )
  const length = Number(request.headers.get('content-length'))
  if (length > limits.maxBytes) throw tooLarge(limits)
  if (request.body === null) {
    // A `Request` for GET can't have a body, so servers drop what the client has sent. It may still be found in their own objects.
    if (length > 0)
      throw requestRefused(
        'DIGEST',
        'it was sent with a body that the server has dropped: a GET or HEAD must have none',
      )
    return new Uint8Array()
  }
  const copy = request.clone()
  const reader = copy.body?.getReader()
  if (!reader) {
    // Firefox has no `Request.body`.
    const whole = new Uint8Array(await copy.arrayBuffer())
    if (whole.length > limits.maxBytes) throw tooLarge(limits)
    return whole
  }
  // Not awaited: `cancel` on one branch of a cloned body settles only when the other branch is cancelled too.
  const cancel = (): void => void reader.cancel().catch(() => undefined)
  return inTime(limits, () => readAll(reader, limits).finally(cancel), cancel)
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limits: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let length = 0
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
}

/**
 * Runs `work` and settles as it does. If it takes longer than `waitMs`, calls `stop` and rejects with
 * `ERR_REQUEST_STALE`.
 */
export async function inTime<T>(
  { waitMs }: BodyLimits,
  work: () => Promise<T>,
  stop: () => void,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        reject(requestRefused('STALE', 'its signature expired before its body had arrived: sign it again'))
        stop()
      },
      Math.min(waitMs, LONGEST_TIMER_MS),
    )
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** The error for a body that has more bytes than are accepted. */
export function tooLarge({ maxBytes }: BodyLimits): SessionError {
  return requestRefused('TOO_LARGE', `its body has more than ${maxBytes} bytes`)
}

/** The error for a body whose connection closed too early. It is an `ERR_REQUEST_…`, because the client caused it. */
export function cutOff(cause?: unknown): SessionError {
  return requestRefused('DIGEST', 'its body ended before all of it had arrived: send it again', cause)
}

/** The hosts in a field `X-Forwarded-Host`, to which each proxy may add one. */
export function forwardedHosts(field: string | null | undefined): string[] {
  return (field ?? '').split(',').map((host) => host.trim())
}

// Each URL costs one signature check before a request is refused.
const MAX_URLS = 8

/** The configured address of a server. */
export interface ServerAddress {
  readonly authorities: readonly string[]
  /** The path prefix that a proxy or framework strips before the request reaches this code. */
  readonly basePath: string
}

/**
 * The URLs that the client may have signed, the likeliest first: each configured authority, followed by `basePath` and
 * the target as it was received. Only the signature decides between them, so a proxy may rewrite `Host`. Returns at
 * most 8 URLs; authorities that the request names come first. Throws as `verifiedURL` does.
 */
export function possibleURLs(
  { target, isEncrypted, hosts }: Pick<IncomingRequest<unknown>, 'target' | 'isEncrypted' | 'hosts'>,
  { authorities, basePath }: ServerAddress,
): readonly URL[] {
  // Clients may sign an app's root with or without the final slash, and a stripped prefix leaves "/" for both.
  const isRoot = basePath !== '' && /^\/(?:\?|$)/.test(target)
  const targets = isRoot ? [basePath + target.slice(1), basePath + target] : [basePath + target]
  const named = hosts.map((host) => host.toLowerCase().replace(/:(?:80|443)$/, ''))
  const likely = new Set([...named.filter((host) => authorities.includes(host)), ...authorities])
  return [...likely]
    .slice(0, MAX_URLS / targets.length)
    .flatMap((authority) => targets.map((each) => verifiedURL(authority, { target: each, isEncrypted })))
}

/**
 * The URLs that the request itself names and that the server is not configured for, so that a log can suggest the right
 * configuration. No request may be accepted because of them.
 */
export function namedURLs(
  request: Pick<IncomingRequest<unknown>, 'target' | 'isEncrypted' | 'hosts'>,
  configured: readonly URL[],
): readonly URL[] {
  const { target, isEncrypted } = request
  const hosts = [...request.hosts, ...configured.map(({ host }) => host)].filter((host) =>
    parseURL(`https://${host}`),
  )
  const known = new Set(configured.map(({ href }) => href))
  const targets = [target, ...configured.map(({ pathname, search }) => pathname + search)]
  const urls = hosts
    .flatMap((host) => targets.map((each) => ({ authority: new URL(`https://${host}`).host, target: each })))
    .map((each) => verifiedURL(each.authority, { target: each.target, isEncrypted }))
  return [...new Map(urls.map((url) => [url.href, url])).values()]
    .filter(({ href }) => !known.has(href))
    .slice(0, MAX_URLS)
}

/**
 * The URL of a request: the configured authority and the target as it was received. The host that the client named is
 * not used, and nothing is rewritten. Throws `ERR_REQUEST_SIGNATURE` for a target that a URL parser would change (dot
 * segments, a fragment, a backslash, the absolute form), because the handler would then see another URL than the signed
 * one. The scheme is always https, because a proxy may have terminated TLS; only for hosts of the local machine is it
 * the actual one.
 */
function verifiedURL(
  authority: string,
  { target, isEncrypted }: Pick<IncomingRequest<unknown>, 'target' | 'isEncrypted'>,
): URL {
  const scheme = !isEncrypted && LOOPBACK.test(authority) ? 'http' : 'https'
  const text = `${scheme}://${authority}${target}`
  const url = target.startsWith('/') && target.length <= MAX_TARGET_LENGTH ? parseURL(text) : undefined
  // `href` keeps an empty fragment, so comparing with it doesn't reveal one.
  if (url?.href === text && !target.includes('#') && url.host === authority) return url
  throw requestRefused(
    'SIGNATURE',
    'its target must be a path and a query as a URL parser writes them, without dot segments',
  )
}
