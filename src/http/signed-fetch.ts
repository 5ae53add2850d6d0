import { throwIfAborted } from '../base/abort.js'
import { type Clock, isBrowser } from '../base/environment.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { type ReadValue, textsOption, wrong } from '../base/options.js'
import { parseURL } from '../base/url.js'
import { coveredOrigins } from '../capability/recap.js'
import { copyTo } from './sent-url.js'
import { correctClock } from './server-clock.js'
import { type OnExpired, onExpiredOption, requestOf, type Signer } from './sign-request.js'
import { DEFAULT_CAPABILITY_HEADER, RECEIVED_METHOD } from './signature-profile.js'

/** The session that sends a request. */
interface Sender extends Signer {
  readonly resources: readonly string[]
  readonly isExpired: boolean
}

/** The options of `fetch`, and those of `session.fetch`. */
interface SignedFetchInit extends RequestInit {
  onExpired?: OnExpired | undefined
  capabilityHeader?: string | undefined
  origins?: readonly string[] | undefined
}

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
// The headers that `fetch` removes when a redirect leads to another origin, and the headers of a signature.
const OWN_ORIGIN_HEADERS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'host',
  'signature',
  'signature-input',
  'content-digest',
]

/**
 * Signs a request and sends it to an origin that the session's resources cover or that the caller allows. Follows at
 * most five redirects within the origin, with a new signature for each, and a redirect to another origin without the
 * capability. If the server refuses the request as stale and its `Date` shows that the local clock is wrong, signs it
 * once more. Rejects with `ERR_CAPABILITY_RESOURCES` for an origin that is neither covered nor allowed, and otherwise
 * as `signRequest` and `fetch` do.
 */
export async function signedFetch(
  input: RequestInfo | URL,
  { onExpired, origins: allowed, capabilityHeader, ...init }: SignedFetchInit,
  session: Sender,
  now: Clock,
): Promise<Response> {
  const origins = allowed === undefined ? undefined : originsOption(allowed, 'origins')
  if (onExpired !== undefined) onExpiredOption(onExpired, 'onExpired')
  let request = await requestOf(input, init, ({ url }) =>
    assertCovered(new URL(url), session.resources, origins),
  )
  const signer = onExpired && session.isExpired ? await onExpired() : session
  const follows = request.redirect === 'follow'
  // A browser doesn't tell a page where a redirect leads, so in a browser `fetch` must follow it. On the way to another
  // origin, `fetch` removes `Authorization`, but it would keep any other header with the capability.
  const followsManually = follows && !(isBrowser() && capabilityHeader === undefined)
  const options = { ...onlyForFetch(init), ...(followsManually && { redirect: 'manual' as const }) }
  const isPlain = Object.keys(options).length === 0
  let isCorrected = false
  for (let redirects = 0; ; ) {
    const signed = await signer.signRequest(request, { capabilityHeader })
    const response = await send(signed, isPlain ? undefined : options, capabilityHeader)
    // Only a browser hides a redirect.
    if (follows && response.type === 'opaqueredirect')
      throw new TypeError(
        `fetch failed: the server redirected the request. It is not followed, because a browser would send the header ${capabilityHeader} to another origin too: request the final URL`,
      )
    const from = new URL(request.url)
    const at = response.url === '' ? from : new URL(response.url)
    if (
      !isCorrected &&
      at.origin === from.origin &&
      (await isRefusal(response, 'ERR_REQUEST_STALE', request))
    ) {
      isCorrected = correctClock(from.origin, now, response)
      if (!isCorrected) return response
      await discard(response)
      continue
    }
    const next = follows ? await redirectOf(request, response) : undefined
    if (!next) return response
    redirects += 1
    assertFollowed(next, redirects)
    await discard(response)
    if (!isOwn(next.url, from)) return fetch(await unsigned(next, request), onlyForFetch(init))
    request = await redirected(next, request, request.headers)
  }
}

// A browser doesn't tell a script why a request to another origin failed. The most common reason is a missing CORS
// header.
async function send(
  request: Request,
  options: RequestInit | undefined,
  capabilityHeader: string = DEFAULT_CAPABILITY_HEADER,
): Promise<Response> {
  try {
    return await fetch(request, options)
  } catch (cause) {
    const { origin } = new URL(request.url)
    if (!(cause instanceof TypeError) || !isBrowser() || origin === globalThis.location.origin) throw cause
    throw new TypeError(
      `${cause.message}: ${origin} can't be reached, or its answer to the CORS preflight does not allow ${globalThis.location.origin} to send the headers ${capabilityHeader.toLowerCase()}, content-digest, content-type, signature and signature-input`,
      { cause },
    )
  }
}

/**
 * The options that must be passed to `fetch` again, such as `dispatcher` in Node or `next` in Next.js: a `Request`
 * keeps only the standard options, and in some engines not all of them. Options that the signature covers are left out,
 * because the signed request has them.
 */
function onlyForFetch(init: RequestInit): RequestInit {
  const { method: _, headers: __, body: ___, ...others } = init
  const { duplex: ____, ...rest } = others as RequestInit & { readonly duplex?: unknown }
  return rest
}

/** Reads the option `origins`. */
export const originsOption: ReadValue<readonly string[]> = (value, name) => {
  const form = 'a list of origins: ["https://api.example.com"]'
  const list = textsOption(form)(value, name)
  for (const text of list) if (parseURL(text)?.origin !== text) throw wrong(name, form)
  return list
}

/**
 * Throws `ERR_CAPABILITY_RESOURCES` unless the resources cover something at the URL's origin, or `allowed` contains the
 * origin. `notDone` is the beginning of the error message: it says what is not done.
 */
export function assertCovered(
  { origin, protocol }: URL,
  resources: readonly string[],
  allowed: readonly string[] = [],
  notDone = 'the request is not sent',
): void {
  const covered = coveredOrigins(resources)
  if (covered.has(origin) || covered.has(`${protocol}//*`) || allowed.includes(origin)) return
  const list = covered.size > 0 ? [...covered].join(', ') : 'no origin'
  throw new SessionError(
    'ERR_CAPABILITY_RESOURCES',
    `${notDone}, because the session covers nothing at ${origin}: its resources cover ${list}. Ask for a resource there, or allow the origin with origins: [${JSON.stringify(origin)}]`,
  )
}

interface Redirect {
  readonly url: URL
  readonly method: string
}

/** The URL and method to which a response redirects the request; `undefined` if the response is the final one. */
async function redirectOf(request: Request, response: Response): Promise<Redirect | undefined> {
  const { method, url } = request
  const { status, headers } = response
  const location = headers.get('location')
  if (REDIRECTS.has(status) && location !== null) {
    const isMovedPost = method === 'POST' && (status === 301 || status === 302)
    const isSeeOther = status === 303 && method !== 'GET' && method !== 'HEAD'
    return { url: new URL(location, url), method: isMovedPost || isSeeOther ? 'GET' : method }
  }
  // A browser followed the redirect with the signature of the first request, which does not fit the new URL.
  if (!response.redirected || !isOwn(new URL(response.url), new URL(url))) return undefined
  if (!(await isRefusal(response, 'ERR_REQUEST_SIGNATURE', request))) return undefined
  const received =
    headers.get(RECEIVED_METHOD) ?? (method === 'GET' || method === 'HEAD' ? method : undefined)
  return received === method || received === 'GET'
    ? { url: new URL(response.url), method: received }
    : undefined
}

/**
 * Throws a `TypeError` for a redirect that is not followed. `redirects` counts the redirects of a request, including
 * this one.
 */
function assertFollowed({ url }: Redirect, redirects: number): void {
  // `fetch` refuses other schemes too (Fetch Standard §4.4). Otherwise a server could, for example, make Bun read a
  // local file.
  if (!/^https?:$/.test(url.protocol))
    throw new TypeError(
      `fetch failed: the server redirected the request to ${url.protocol}, and only http and https are followed`,
    )
  if (redirects > MAX_REDIRECTS)
    throw new TypeError(`fetch failed: the server redirected the request more than ${MAX_REDIRECTS} times`)
}

/** Whether a URL has the origin of the request, or the same host with https. */
function isOwn(url: URL, from: URL): boolean {
  return url.origin === from.origin || (url.host === from.host && url.protocol === 'https:')
}

/** The request that follows a redirect, by the rules of `fetch` (Fetch Standard §4.4). */
async function redirected({ url, method }: Redirect, request: Request, from: Headers): Promise<Request> {
  const headers = new Headers(from)
  const keepsBody = method === request.method && method !== 'GET' && method !== 'HEAD'
  if (method !== request.method)
    for (const name of ['content-encoding', 'content-language', 'content-location', 'content-type'])
      headers.delete(name)
  const body = keepsBody ? new Uint8Array(await request.clone().arrayBuffer()) : new Uint8Array()
  return copyTo(url, request, { method, headers, body })
}

async function unsigned(next: Redirect, request: Request): Promise<Request> {
  const headers = new Headers(request.headers)
  for (const name of OWN_ORIGIN_HEADERS) headers.delete(name)
  return redirected(next, request, headers)
}

// Frees the connection of a response whose body is not read.
async function discard({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => undefined)
}

const CHALLENGE = /^CACAO error="(ERR_\w+)"/

/**
 * Whether a response is the refusal of a signed request with this code. Rejects with the reason of the request's signal
 * if that is aborted in the meantime.
 */
async function isRefusal(response: Response, code: SessionErrorCode, { signal }: Request): Promise<boolean> {
  if (response.status !== 401) return false
  const challenge = CHALLENGE.exec(response.headers.get('www-authenticate') ?? '')
  if (challenge) return challenge[1] === code
  // A gateway may rename the header, and CORS may hide it from a page of another origin.
  if (!response.headers.get('content-type')?.startsWith('application/json')) return false
  try {
    return await beginsWith(`{"code":"${code}"`, response.clone())
  } catch {
    throwIfAborted(signal)
    return false
  }
}

// Bytes of a body that are read. A body may begin with white space that never ends.
const MAX_BEGINNING = 1000

/**
 * Whether a JSON body begins with this text, not counting white space. Reads no more than that takes: the rest, which may be long or a
 * stream, is the caller's.
 */
async function beginsWith(start: string, copy: Response): Promise<boolean> {
  const reader = copy.body?.getReader()
  // React Native has no streams. There the body has arrived as a whole.
  if (!reader) return withoutSpace(await copy.text()).startsWith(start)
  const decoder = new TextDecoder()
  let text = ''
  let left = MAX_BEGINNING
  while (left > 0 && text.length < start.length && start.startsWith(text)) {
    const { done, value } = await reader.read()
    if (done) break
    left -= value.length
    text += withoutSpace(decoder.decode(value, { stream: true }))
  }
  // Not awaited: `cancel` on one branch of a cloned body settles only when the other branch is cancelled too.
  reader.cancel().catch(() => undefined)
  return text.startsWith(start)
}

function withoutSpace(text: string): string {
  return text.replace(/\s/g, '')
}
