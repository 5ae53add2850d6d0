import { SessionError } from '../base/errors.js'
import { check, readOptions, wrong } from '../base/options.js'
import { assertAbility, assertResources } from '../capability/assertions.js'
import { expiryTime } from '../capability/cacao.js'
import { type Caller, capabilityGate } from '../http/capability-gate.js'
import { incomingRequest, possibleURLs } from '../http/incoming-request.js'
import { requestRefused } from '../http/signature-profile.js'
import type { VerifiedRequest } from '../http/verify-request.js'
import { mergedHeaders, refusalOf } from '../middleware/answer.js'
import { discardBody, discardNodeBody } from '../middleware/discard-body.js'
import { sessionGuard, type Verdict } from '../middleware/guard.js'
import { incomingMessage, type NodeRequest } from '../middleware/node-request.js'
import type { NodeResponse } from '../middleware/node-response.js'
import type { CookieSource } from '../store/cookie-store.js'
import { CLEARED_KEY } from '../store/page-cookie.js'
import { CookieJar, type CookieSession } from './cookie-jar.js'
import { type CookieRequest, cookieSettings, type SessionCookieOptions } from './cookie-options.js'
import { type RefreshPageOptions, refreshPage } from './refresh-page.js'
import { isReading, originOf, type RequestHead, requestHead } from './request-head.js'

/** The caller; `stale` if the cookie was not renewed in time; `undefined` if nobody is signed in. */
export type CookieVerdict = Caller | 'stale' | undefined

/** How a request is read. */
export interface ReadCookieOptions {
  /**
   * The request's method, if `read` gets only the headers: `POST` in server actions. Without it, headers alone are taken for those of a
   * request that changes nothing.
   */
  method?: string
}

const READ_OPTIONS = {
  method: check<string>((value, name) => {
    if (typeof value === 'string' && value !== '') return value
    throw wrong(name, 'the method of the request, such as "POST"')
  }),
}

/** The sessions of pages, in cookies. */
export interface SessionCookie {
  /**
   * Answers requests to the path that the page passes to `session.keepCookie`. A signed `POST` sets the cookie. `DELETE` clears it, even
   * if the session no longer exists; with the did:key of a session in the header `cacao-key`, only that session's. A `POST` that isn't
   * accepted is answered as by `requireSession`, a request from a page of another origin with 403 (also a `DELETE` without `Sec-Fetch-Site` and `Origin`), a capability that doesn't fit into cookies with 413, and
   * any other method with 405.
   */
  handler(request: Request): Promise<Response>
  /** The same handler for Express, Connect and `node:http`. */
  nodeHandler(request: NodeRequest, response: NodeResponse, next?: (error?: unknown) => void): void
  /**
   * Returns the caller whose session is in the cookie of a request. Everything that can change is checked each time: expiry, domain,
   * resources, delegation, revocation, and the signature of a contract account.
   *
   * `stale` means that the session is valid, but the page has not renewed the cookie in time: answer a navigation with `refreshPage`,
   * and any other request as if nobody were signed in. `undefined` means that nobody is signed in. A request that changes something
   * (any method except `GET`, `HEAD` and `OPTIONS`) also gets `undefined`, unless the browser says that it comes from a page of this
   * origin.
   *
   * Rejects with `ERR_STORE_UNAVAILABLE` or `ERR_RPC_UNAVAILABLE` if a store or an RPC fails: answer with 503. Rejects with
   * `ERR_ENVIRONMENT` if the server has no WebCrypto, and with a `TypeError` for a wrong request or option.
   */
  read(request: CookieSource, options?: ReadCookieOptions): Promise<CookieVerdict>
  /**
   * Throws `ERR_REQUEST_ORIGIN` unless the browser says that the request comes from a page of this origin (`Sec-Fetch-Site`, or else
   * `Origin`). `read` makes the same check for requests that change something.
   */
  assertSameOrigin(request: CookieSource): void
  /**
   * Returns the answer to a navigation whose cookie is `stale`: an empty page whose script resumes the session, renews the cookie and
   * loads the same URL again, or continues to `login`. It has no inline script and its own `Content-Security-Policy`; if your server
   * sets one too, it must allow scripts and connections of this origin. A request other than `GET` and `HEAD` is answered with 303 to
   * its own URL, because a form can't be sent again without asking the person. Throws a `TypeError` for a wrong option or request.
   */
  refreshPage(request: Request, options: RefreshPageOptions): Response
}

/**
 * Sessions for requests that can't be signed: the pages that a browser navigates to. A short-lived cookie replaces the signature. Only
 * the session key can renew it, which `session.keepCookie` does. It is `HttpOnly`, `Secure`, `SameSite=Lax`, for this host only,
 * encrypted and authenticated with the `secret`, and bound to the session key and the capability. Throws a `TypeError` for wrong
 * options.
 *
 * @example
 * const pages = sessionCookie({
 *   secret: Buffer.from(process.env.COOKIE_SECRET ?? '', 'hex'),
 *   verifiers: ethereumVerifiers(),
 *   authority: 'app.example.com',
 *   domains: ['app.example.com'],
 *   resources: false,
 * })
 * // POST and DELETE /session: pages.handler(request)
 * const caller = await pages.read(new Request('https://app.example.com/'))
 */
export function sessionCookie(options: SessionCookieOptions): SessionCookie {
  const settings = cookieSettings(options)
  const { checks, maxAgeSecs, resources, ability } = settings
  const { now } = checks
  const jar = new CookieJar(settings.jar)
  const guard = sessionGuard<CookieRequest>(settings.guard)
  const gate = capabilityGate(checks)
  const addressOf = ({ target, isEncrypted, hosts }: Parameters<typeof possibleURLs>[0]): readonly URL[] =>
    possibleURLs({ target, isEncrypted, hosts }, checks)

  const isOwn = (origin: string): boolean => {
    if (!URL.canParse(origin)) return false
    const { protocol, host } = new URL(origin)
    const own = { target: '/', isEncrypted: protocol === 'https:', hosts: [host] }
    return possibleURLs(own, { ...checks, basePath: '' }).some((url) => url.origin === origin)
  }
  const assertSameOrigin = (
    request: Pick<RequestHead, 'header'>,
    accepted: readonly string[] = ['same'],
  ): void => {
    if (accepted.includes(originOf(request, isOwn))) return
    throw requestRefused('ORIGIN', 'it does not come from a page of this origin')
  }

  /** Returns the caller of the session in a cookie, fresh or stale. Throws if the session is not accepted. */
  const admit = async ({ cacao, token, created }: CookieSession): Promise<Caller> => {
    const time = now()
    // Written so that no cookie is valid if the clock returns NaN.
    if (!(created <= time + checks.clockSkewSecs * 1000))
      throw requestRefused('STALE', 'its cookie is from the future')
    // The session key signed the request for which the cookie was sealed, so its did:key is trusted here.
    const capability = { text: token, keyDID: cacao.p.aud, read: () => cacao }
    const { caller } = await gate.admit(capability, time, () => {
      if (resources) assertResources(cacao, resources)
      if (ability) assertAbility(cacao, ability)
    })
    await gate.assertNotRevoked(cacao)
    return caller
  }

  /** Whether a `DELETE` clears the cookie: not if it names another session than the cookie's, because a page may ask too late. */
  const isToClear = async ({ header }: RequestHead): Promise<boolean> => {
    const keyDID = header(CLEARED_KEY)
    const kept = keyDID === undefined ? undefined : await jar.read(header('cookie'))
    return kept === undefined || kept.cacao.p.aud === keyDID
  }

  /** Answers a request to the handler; `admitted` verifies a signed one. */
  const answer = async (
    request: RequestHead,
    admitted: () => Promise<Verdict<CookieRequest>>,
  ): Promise<Answer> => {
    const { method, header } = request
    try {
      if (method === 'DELETE') {
        assertSameOrigin(request)
        return { status: 204, headers: PRIVATE, cookies: (await isToClear(request)) ? jar.clear() : [] }
      }
      if (method !== 'POST') return { status: 405, headers: { ...PRIVATE, allow: 'POST, DELETE' } }
      // A client that is not a browser sends no origin. Its request must be signed all the same.
      assertSameOrigin(request, ['same', 'unknown'])
    } catch (error) {
      return refusalOf(error, request, now, settings.vary)
    }
    const verdict = await admitted()
    if (verdict.refusal) return verdict.refusal
    return cookieFor(verdict.caller, header('cookie'))
  }

  const cookieFor = async (
    { cacao, account, keyDID, url }: VerifiedRequest,
    before: string | undefined,
  ): Promise<Answer> => {
    const created = now()
    const end = expiryTime(cacao)
    const freshUntil = Math.min(created + maxAgeSecs * 1000, end)
    const freshSecs = (freshUntil - created) / 1000
    const { pathname: path } = new URL(url)
    const note = { until: Math.floor(freshUntil / 1000), secs: Math.ceil(freshSecs), keyDID, path }
    const keepSecs = (end - created) / 1000
    const cookies = await jar.write({ cacao, created }, note, { keepSecs, freshSecs, before })
    if (!cookies) {
      const error = requestRefused(
        'TOO_LARGE',
        'its capability does not fit into cookies: ask for fewer resources',
      )
      return refusalOf(error, undefined, now, settings.vary)
    }
    return {
      status: 200,
      headers: JSON_HEADERS,
      cookies,
      body: JSON.stringify({ account, expiresInSecs: freshSecs, until: note.until }),
    }
  }

  return {
    async handler(request) {
      const incoming = incomingRequest(request)
      const admitted = (): Promise<Verdict<CookieRequest>> => guard(request, () => incoming)
      const { status, headers, cookies = [], body = null } = await answer(requestHead(request), admitted)
      await discardBody(incoming)
      const response = new Response(body, { status, headers })
      for (const cookie of cookies) response.headers.append('set-cookie', cookie)
      return response
    },
    nodeHandler(request, response, next = failed(response)) {
      // It answers later, when an error would end the process.
      if (typeof response?.writeHead !== 'function')
        throw new TypeError(
          'nodeHandler needs a request and a response of Express or node:http: in Fastify, call reply.hijack(), and pass request.raw and reply.raw',
        )
      const admitted = (): Promise<Verdict<CookieRequest>> => guard(request, () => incomingMessage(request))
      answer(requestHead(request as CookieSource), admitted).then(
        async ({ status, headers, cookies = [], body = '' }) => {
          await discardNodeBody(request, response)
          if (response.headersSent) return
          if (cookies.length > 0) response.setHeader('set-cookie', withCookiesBefore(response, cookies))
          const merged = mergedHeaders(headers, (name) => response.getHeader(name))
          response.writeHead(status, merged).end(body)
        },
        next,
      )
    },
    async read(source, options = {}) {
      const request = requestHead(source)
      const methods = [request.method, readOptions(options, READ_OPTIONS).method]
      const isChange = methods.some((method) => method !== undefined && !isReading(method))
      if (isChange && originOf(request, isOwn) !== 'same') return undefined
      const kept = await jar.read(request.header('cookie'))
      if (!kept) return undefined
      try {
        const caller = await admit(kept)
        return now() < kept.created + maxAgeSecs * 1000 ? caller : 'stale'
      } catch (error) {
        if (error instanceof SessionError && !UNDECIDED.includes(error.code)) return undefined
        throw error
      }
    },
    assertSameOrigin: (source) => assertSameOrigin(requestHead(source)),
    refreshPage(request, pageOptions) {
      const [at] = addressOf(incomingRequest(request))
      if (!at) throw new TypeError('request must be the request that is being answered')
      const page = refreshPage(pageOptions, at)
      if (request.method === 'GET' || request.method === 'HEAD') return page
      return new Response(null, { status: 303, headers: { location: at.href, 'cache-control': 'no-store' } })
    },
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
  readonly body?: string
}

const PRIVATE = { 'cache-control': 'no-store' }
const JSON_HEADERS = { ...PRIVATE, 'content-type': 'application/json' }
// With these errors, the person may still be signed in, so `read` must not return `undefined`.
const UNDECIDED: readonly string[] = ['ERR_STORE_UNAVAILABLE', 'ERR_RPC_UNAVAILABLE', 'ERR_ENVIRONMENT']

// Answers a fault of the server if there is no `next`.
const failed =
  (response: NodeResponse) =>
  (error?: unknown): void => {
    console.error(error)
    if (!response.headersSent) response.writeHead(500, { ...PRIVATE }).end('')
  }

// Keeps the cookies that other middleware has set.
function withCookiesBefore(response: NodeResponse, cookies: readonly string[]): string[] {
  const before = response.getHeader('set-cookie') as string | string[] | undefined
  return [before ?? [], cookies].flat()
}
