import { concat } from '../base/bytes.js'
import { LONGEST_TIMER_MS } from '../base/environment.js'
import type { SessionError } from '../base/errors.js'
import { parseURL } from '../base/url.js'
import { PASS_HEADER } from './admissions.js'
import { requestRefused } from './signature-profile.js'

const MAX_TARGET_LENGTH = 65_536
// Hosts of this machine, on which pages and servers are developed without TLS.
const LOOPBACK = /^(?:localhost|[^.]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/

/** A request that a server has received, reduced to what is verified; made of web standard requests and of Node's. */
export interface IncomingRequest<R> {
  readonly method: string
  /** Path and query exactly as they were received. */
  readonly target: string
  /**
   * The hosts that the client and proxies name, in `Host` and `X-Forwarded-Host`. Anyone can write anything there, so they
   * only say which of the configured authorities is tried first.
   */
  readonly hosts: readonly string[]
  /** Whether it was received over TLS. False if a proxy terminated TLS before this process. */
  readonly isEncrypted: boolean
  /** The value of a header field; several values of one name are joined by `, `. */
  header(name: string): string | undefined
  /**
   * The server's own request with this URL, whatever host the client named, and with a pass for the next check of this process.
   * Handlers get this one.
   */
  at(url: string, pass?: string): R | Promise<R>
  /** Reads the body, within `limits`. The body can be read again afterwards. */
  body(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>>
}

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  /** Bytes that the whole body may have. */
  readonly maxBytes: number
  /** Called before another `bytes` bytes are buffered; throws if there is no room for them. */
  hold(bytes: number): void
  /** Milliseconds to wait for the end of the body. */
  readonly waitMs: number
}

/**
 * A web standard request as `IncomingRequest`. Its body stays readable. With `keepsOriginal`, `at` gives a copy with
 * the new URL and leaves the request itself readable; otherwise `at` takes its body over.
 */
export function incomingRequest(received: Request, keepsOriginal = false): IncomingRequest<Request> {
  let request = received
  const { protocol, host, username, password } = new URL(request.url)
  const origin = `${protocol}//${host}`
  const hasPlainOrigin = username === '' && password === '' && request.url.startsWith(origin)
  return {
    method: request.method,
    // `verifiedURL` refuses a target that does not begin with a slash.
    target: hasPlainOrigin ? request.url.slice(origin.length) : request.url,
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

/** The same request with another URL. It takes over the body, so the given request can't be read any more. */
async function withURL(url: string, request: Request, pass?: string): Promise<Request> {
  const { method, signal, redirect } = request
  const headers = pass === undefined ? request.headers : new Headers(request.headers)
  if (pass !== undefined) headers.set(PASS_HEADER, pass)
  // Firefox has no `Request.body`, so there the body has to be read.
  const hasHiddenBody = request.body === undefined && method !== 'GET' && method !== 'HEAD'
  const body = hasHiddenBody ? await request.blob() : request.body
  // Cloudflare adds `cf` to the standard members, and handlers use it.
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
  if (Number(request.headers.get('content-length')) > limits.maxBytes) throw tooLarge(limits)
  if (request.body === null) return new Uint8Array()
  const copy = request.clone()
  const reader = copy.body?.getReader()
  if (!reader) {
    // Firefox has no `Request.body`.
    const whole = new Uint8Array(await copy.arrayBuffer())
    if (whole.length > limits.maxBytes) throw tooLarge(limits)
    return whole
  }
  // Not awaited: cancelling one half of a cloned body only ends when the other half is cancelled too.
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
 * Does the work. If it takes longer than `waitMs`, calls `stop` and rejects with `ERR_REQUEST_STALE`.
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

/** The error for a body whose connection ended before its end. The sender caused it, not the server. */
export function cutOff(cause?: unknown): SessionError {
  return requestRefused('DIGEST', 'its body ended before all of it had arrived: send it again', cause)
}

/** The hosts in a field `X-Forwarded-Host`, to which each proxy may add one. */
export function forwardedHosts(field: string | null | undefined): string[] {
  return (field ?? '').split(',').map((host) => host.trim())
}

// A refusal costs one signature check for each of them.
const MAX_URLS = 8

/** Where a server is reached, as it is configured. */
export interface ServerAddress {
  readonly authorities: readonly string[]
  /** What something before this server takes off the path. */
  readonly basePath: string
}

/**
 * The URLs that the client may have signed, the likeliest first: the target as it was received, behind `basePath`, with each of
 * the configured authorities. Only the signature decides between them, so that a proxy may rewrite `Host`. There are at most
 * 8; of a longer list of authorities, those that the request names come first. Throws as `verifiedURL` does.
 */
export function possibleURLs(
  { target, isEncrypted, hosts }: Pick<IncomingRequest<unknown>, 'target' | 'isEncrypted' | 'hosts'>,
  { authorities, basePath }: ServerAddress,
): readonly URL[] {
  // The root of an app is reached with a slash at its end and without, and what takes the path off writes both as "/".
  const isRoot = basePath !== '' && /^\/(?:\?|$)/.test(target)
  const targets = isRoot ? [basePath + target.slice(1), basePath + target] : [basePath + target]
  const named = hosts.map((host) => host.toLowerCase().replace(/:(?:80|443)$/, ''))
  const likely = new Set([...named.filter((host) => authorities.includes(host)), ...authorities])
  return [...likely]
    .slice(0, MAX_URLS / targets.length)
    .flatMap((authority) => targets.map((each) => verifiedURL(authority, { target: each, isEncrypted })))
}

/**
 * The URLs that the request itself names, besides those that a server is configured for, so that a log can say what the
 * configuration should be. Nobody may be admitted by them.
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
 * The URL of a request: the configured authority and the target as it was received. The host that the client named is not
 * used, and nothing is rewritten. Throws `ERR_REQUEST_SIGNATURE` for a target that a URL parser would change (dot
 * segments, a fragment, a backslash, the absolute form), because then the handler would see another URL than was signed.
 * The scheme is https, since a proxy may have terminated TLS; only for hosts of this machine it is the actual one.
 */
function verifiedURL(
  authority: string,
  { target, isEncrypted }: Pick<IncomingRequest<unknown>, 'target' | 'isEncrypted'>,
): URL {
  const scheme = !isEncrypted && LOOPBACK.test(authority) ? 'http' : 'https'
  const text = `${scheme}://${authority}${target}`
  const url = target.startsWith('/') && target.length <= MAX_TARGET_LENGTH ? parseURL(text) : undefined
  // `href` keeps an empty fragment, so a fragment has to be looked for.
  if (url?.href === text && !target.includes('#') && url.host === authority) return url
  throw requestRefused(
    'SIGNATURE',
    'its target must be a path and a query as a URL parser writes them, without dot segments',
  )
}
