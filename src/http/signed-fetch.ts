import { type Clock, isBrowser } from '../base/environment.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { type ReadValue, textsOption, wrong } from '../base/options.js'
import { parseURL } from '../base/url.js'
import { coveredOrigins } from '../capability/recap.js'
import { requestOf, signRequest } from './sign-request.js'
import { capabilityHeaderOption, RECEIVED_METHOD } from './signature-profile.js'

/** What signs requests. */
interface Signer {
  signRequest(request: Request, options?: HeaderOptions): Promise<Request>
}

interface HeaderOptions {
  readonly capabilityHeader?: string | undefined
}

/** The session that sends a request. */
interface Sender extends Signer {
  readonly resources: readonly string[]
  readonly isExpired: boolean
}

/** The options of `fetch`, and those of `session.fetch`. */
interface SignedFetchInit extends RequestInit, HeaderOptions {
  onExpired?: (() => Signer | Promise<Signer>) | undefined
  origins?: readonly string[] | undefined
}

const MAX_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
// What fetch leaves out when it goes on to another origin, and what belongs to a signature.
const SIGNED_HEADERS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'host',
  'signature',
  'signature-input',
  'content-digest',
]

/** A copy of the request, signed at the time of the server that it is for, as far as that is known. */
export async function signNow(
  request: Request,
  session: Parameters<typeof signRequest>[1],
  now: Clock,
  capabilityHeader?: string,
): Promise<Request> {
  const header =
    capabilityHeader === undefined ? undefined : capabilityHeaderOption(capabilityHeader, 'capabilityHeader')
  const time = now()
  // Most clocks were never corrected, and then the origin doesn't matter.
  const createdAt = differences.has(now) ? timeAt(new URL(request.url).origin, now) : time
  return signRequest(request, session, time, createdAt, header)
}

/**
 * Signs a request and sends it, to an origin that the session's resources cover or that the caller allows. Follows redirections
 * within the origin with a new signature each, at most five, and others without the capability. If the server refuses the request
 * as stale and its date shows that the clock is wrong, signs it once more. Rejects with `ERR_CAPABILITY_RESOURCES` for any other
 * origin, and otherwise as `signRequest` and `fetch` do.
 */
export async function signedFetch(
  input: RequestInfo | URL,
  { onExpired, origins: allowed, capabilityHeader, ...init }: SignedFetchInit,
  session: Sender,
  now: Clock,
): Promise<Response> {
  const origins = allowed === undefined ? undefined : originsOption(allowed, 'origins')
  if (onExpired !== undefined && typeof onExpired !== 'function')
    throw wrong('onExpired', 'a function that returns a new session')
  let request = await requestOf(input, init)
  assertCovered(new URL(request.url), session.resources, origins)
  const signer = onExpired && session.isExpired ? await onExpired() : session
  const follows = request.redirect === 'follow'
  // Browsers don't show a page where a redirection leads, so there they follow it themselves. To another origin they don't take
  // `Authorization` along, but they would take any other header.
  const isByHand = follows && !(isBrowser() && capabilityHeader === undefined)
  const options = { ...onlyForFetch(init), ...(isByHand && { redirect: 'manual' as const }) }
  const isPlain = Object.keys(options).length === 0
  let isCorrected = false
  for (let redirects = 0; ; ) {
    const signed = await signer.signRequest(request, { capabilityHeader })
    const response = await send(signed, isPlain ? undefined : options)
    if (follows && response.type === 'opaqueredirect')
      throw new TypeError(
        `fetch failed: the server redirected the request. A browser would follow with the header ${capabilityHeader}, also to another origin, so it may not`,
      )
    const from = new URL(request.url)
    const at = response.url === '' ? from : new URL(response.url)
    if (!isCorrected && at.origin === from.origin && (await isRefusal(response, 'ERR_REQUEST_STALE'))) {
      isCorrected = correctClock(from.origin, now, response)
      if (!isCorrected) return response
      await discard(response)
      continue
    }
    const next = follows ? await redirectOf(request, response) : undefined
    if (!next) return response
    // As fetch does (§4.4): it would read what is on this machine, such as a file in Bun.
    if (!/^https?:$/.test(next.url.protocol))
      throw new TypeError(
        `fetch failed: the server redirected the request to ${next.url.protocol}, and only http and https are followed`,
      )
    if (++redirects > MAX_REDIRECTS)
      throw new TypeError(`fetch failed: the server redirected the request more than ${MAX_REDIRECTS} times`)
    await discard(response)
    if (!isOwn(next.url, from)) return fetch(await unsigned(next, request), onlyForFetch(init))
    request = await redirected(next, request, request.headers)
  }
}

// A browser doesn't tell a script why a request to another origin failed. What is forgotten most often is what CORS needs.
async function send(request: Request, options: RequestInit | undefined): Promise<Response> {
  try {
    return await fetch(request, options)
  } catch (cause) {
    const { origin } = new URL(request.url)
    if (!(cause instanceof TypeError) || !isBrowser() || origin === globalThis.location.origin) throw cause
    throw new TypeError(
      `${cause.message}: ${origin} can't be reached, or its answer to the CORS preflight does not allow ${globalThis.location.origin} to send the headers authorization, content-digest, content-type, signature and signature-input`,
      { cause },
    )
  }
}

/**
 * What only `fetch` knows of its options, such as `dispatcher` in Node or `next` in Next.js: a `Request` keeps the standard ones
 * only, and not every engine all of them. What the signature covers is left out, because the signed request has that.
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
 * Throws `ERR_CAPABILITY_RESOURCES` unless the resources cover something at the URL's origin, or it is allowed. The error begins with
 * what is not done.
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

/** Where a response leads, and by which method; `undefined` if it is the answer. */
async function redirectOf({ method, url }: Request, response: Response): Promise<Redirect | undefined> {
  const { status, headers } = response
  const location = headers.get('location')
  if (REDIRECTS.has(status) && location !== null) {
    const isPost = method === 'POST' && (status === 301 || status === 302)
    const isOther = status === 303 && method !== 'GET' && method !== 'HEAD'
    return { url: new URL(location, url), method: isPost || isOther ? 'GET' : method }
  }
  // The engine has followed a redirection, with the signature of the first request.
  if (!response.redirected || !isOwn(new URL(response.url), new URL(url))) return undefined
  if (!(await isRefusal(response, 'ERR_REQUEST_SIGNATURE'))) return undefined
  const received =
    headers.get(RECEIVED_METHOD) ?? (method === 'GET' || method === 'HEAD' ? method : undefined)
  return received === method || received === 'GET'
    ? { url: new URL(response.url), method: received }
    : undefined
}

/** Whether a URL is of the origin that a request was for, or of the same host by https. */
function isOwn(url: URL, from: URL): boolean {
  return url.origin === from.origin || (url.host === from.host && url.protocol === 'https:')
}

/** The request as it goes on after a redirection, by the rules of fetch. */
async function redirected({ url, method }: Redirect, request: Request, from: Headers): Promise<Request> {
  const headers = new Headers(from)
  const keepsBody = method === request.method && method !== 'GET' && method !== 'HEAD'
  if (method !== request.method)
    for (const name of ['content-encoding', 'content-language', 'content-location', 'content-type'])
      headers.delete(name)
  const body = keepsBody ? await request.clone().arrayBuffer() : undefined
  const kept = Object.fromEntries(
    KEPT.map((name) => [name, request[name]]).filter(
      ([, value]) => value !== undefined && value !== 'navigate',
    ),
  )
  return new Request(url, { ...kept, method, headers, ...(body && body.byteLength > 0 && { body }) })
}

const KEPT = [
  'signal',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'referrerPolicy',
  'integrity',
  'keepalive',
] as const

async function unsigned(next: Redirect, request: Request): Promise<Request> {
  const headers = new Headers(request.headers)
  for (const name of SIGNED_HEADERS) headers.delete(name)
  return redirected(next, request, headers)
}

// So that the connection of an answer that nobody reads is free again.
async function discard({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => undefined)
}

// A person's clock may be wrong by minutes or hours. What a server says of its own is believed for the times of the requests to
// that server, within a bound, and for nothing else: when a capability expires is judged by the person's clock.

const MOST_MS = 86_400_000
// A `Date` has whole seconds, so what differs by less isn't known.
const LEAST_MS = 1000

const differences = new WeakMap<Clock, Map<string, number>>()

/** The time at a server, in milliseconds since 1970: the clock's, corrected by what the server has said of its own. */
export function timeAt(origin: string, now: Clock): number {
  return now() + (differences.get(now)?.get(origin) ?? 0)
}

/**
 * Corrects the clock for an origin that has refused a request as stale, by the `Date` of its answer. Returns whether that changes
 * anything: not if the answer has no date, if the clocks are at one, or if they differ by more than a day, because then the
 * server could have requests signed for a time long after.
 */
function correctClock(origin: string, now: Clock, { headers }: Response): boolean {
  const local = now()
  const difference = Date.parse(headers.get('date') ?? '') - local
  const known = differences.get(now) ?? new Map<string, number>()
  const change = Math.abs(difference - (known.get(origin) ?? 0))
  // Written so that NaN changes nothing.
  if (!(Math.abs(difference) <= MOST_MS && change >= LEAST_MS)) return false
  known.set(origin, difference)
  differences.set(now, known)
  return true
}

const CHALLENGE = /^CACAO error="(ERR_\w+)"/

/** Whether a response is the refusal of a signed request with this code. */
async function isRefusal(response: Response, code: SessionErrorCode): Promise<boolean> {
  if (response.status !== 401) return false
  const challenge = CHALLENGE.exec(response.headers.get('www-authenticate') ?? '')
  if (challenge) return challenge[1] === code
  // A gateway may rename the header, and a page of another origin may not see it.
  if (!response.headers.get('content-type')?.startsWith('application/json')) return false
  const said: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return (said as { readonly code?: unknown } | null | undefined)?.code === code
}
