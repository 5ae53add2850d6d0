import type { AccountInput } from '../base/account.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { isPlainObject } from '../base/options.js'
import { memoryRevocation } from '../http/revocation.js'
import type { VerifiedRequest } from '../http/verify-request.js'
import { refusalOf, refusalResponse } from '../middleware/answer.js'
import { requireSession, type SessionHandler } from '../middleware/fetch.js'
import type { RequireSessionOptions } from '../middleware/guard.js'
import { ethereumVerifiers } from '../wallet/ethereum/index.js'
import { type Restore, replace, restoreOnce } from './replace.js'

/** Options of `testServer`: those of `requireSession`, with the same defaults, except for the options below. */
export interface TestServerOptions
  extends Omit<RequireSessionOptions, 'authority' | 'verifiers' | 'revocation' | 'onRefused' | 'resources'> {
  /** The origin of the server; `https://api.example.com` by default. */
  url?: string | URL
  /** Verifiers for the kinds of accounts that the server accepts; `ethereumVerifiers()` by default. */
  verifiers?: RequireSessionOptions['verifiers']
  /** The host by which clients reach the server; the host of `url` by default. */
  authority?: RequireSessionOptions['authority']
  /** What a capability must cover; by default `false`, which accepts any capability. */
  resources?: RequireSessionOptions['resources']
  /** Answers accepted requests; by default with `{ account }` in JSON. */
  handler?: SessionHandler
}

/**
 * How the server treats requests.
 *
 * - `answers`: it verifies and answers them.
 * - `unreachable`: `fetch` rejects with a `TypeError`.
 * - `unavailable`: it answers with 503 and `ERR_STORE_UNAVAILABLE`, like `requireSession` when a store cannot
 *   be reached.
 * - `hangs`: requests wait until the next behaviour is set, or until their own signal is aborted.
 */
export type ServerBehaviour = 'answers' | 'unreachable' | 'unavailable' | 'hangs'

/** A request that the server accepted. */
export interface TestCall {
  /** A copy of the request, whose body can be read. */
  readonly request: Request
  readonly caller: VerifiedRequest
}

/** A request that the server refused, and why. */
export interface TestRefusal {
  readonly request: Request
  readonly code: SessionErrorCode
  /** The error message, which the client does not receive. */
  readonly message: string
}

/** A server in memory, for tests. */
export interface TestServer {
  /** Its origin, such as `https://api.example.com`. */
  readonly url: string
  behaviour: ServerBehaviour
  /** The requests that it accepted, in order. */
  readonly calls: readonly TestCall[]
  /** The requests that it refused, in order. */
  readonly refusals: readonly TestRefusal[]
  /** Answers a request, like `fetch`. */
  fetch(request: Request): Promise<Response>
  /** Refuses this capability from now on: `session.cacao`, or `caller.cacao`. */
  revoke(capability: unknown): Promise<void>
  /** Refuses every capability that the account has granted so far. Advance a test clock before you sign in again. */
  revokeAll(account: AccountInput): Promise<void>
  /** Replaces `fetch` for the origin of the server until the returned function is called. */
  install(): Restore
}

const BEHAVIOURS: readonly unknown[] = ['answers', 'unreachable', 'unavailable', 'hangs']

/**
 * Returns a server for tests, in this page or process. Like a real server, it verifies signed requests with
 * `requireSession`, and it records the requests. Use it only in tests, because it forgets everything when the
 * process ends. Throws a `TypeError` for a wrong option.
 *
 * @example
 * const server = testServer({ domains: ['app.example.com'], resources: ['https://api.example.com/notes/*'] })
 * const restore = server.install()
 * await session.fetch('https://api.example.com/notes/new', { method: 'POST', body: 'Buy cacao beans' })
 * expect(server.calls[0]?.caller.account).toBe(wallet.account)
 * expect(await server.calls[0]?.request.text()).toBe('Buy cacao beans')
 * restore()
 *
 * @example
 * await server.revoke(session.cacao) // 401, ERR_CAPABILITY_REVOKED
 * server.behaviour = 'unreachable'
 */
export function testServer(options: TestServerOptions): TestServer {
  if (!isPlainObject(options))
    throw new TypeError('options must be a plain object: { domains: ["app.example.com"] }')
  const {
    url = 'https://api.example.com',
    verifiers = ethereumVerifiers(),
    handler = defaultHandler,
    resources = false,
    ...others
  } = options
  const { origin, host } = new URL(url)
  const revocation = memoryRevocation(options.now && { now: options.now })
  const calls: TestCall[] = []
  const refusals: TestRefusal[] = []
  const onRefused = ({ code, message }: SessionError, request: Request): void =>
    void refusals.push({ request, code, message })
  const settings: RequireSessionOptions = {
    ...others,
    verifiers,
    resources,
    authority: options.authority ?? host,
    revocation,
    onRefused,
  }
  const answer = requireSession(settings, (request, caller) => {
    calls.push({ request: request.clone(), caller })
    return handler(request, caller)
  })
  let behaviour: ServerBehaviour = 'answers'
  const waiting: (() => void)[] = []

  const server: TestServer = {
    url: origin,
    calls,
    refusals,
    get behaviour() {
      return behaviour
    },
    set behaviour(next) {
      if (!BEHAVIOURS.includes(next)) throw new TypeError(`behaviour must be one of ${BEHAVIOURS.join(', ')}`)
      behaviour = next
      for (const wake of waiting.splice(0)) wake()
    },
    async fetch(request) {
      const { signal } = request
      signal.throwIfAborted()
      while (behaviour === 'hangs') await behaviourChange(signal)
      if (behaviour === 'unreachable')
        throw new TypeError('fetch failed: the behaviour of the test server is "unreachable"')
      if (behaviour === 'unavailable') {
        const error = unavailableError()
        onRefused(error, request)
        return refusalResponse(refusalOf(error, request, options.now))
      }
      return answer(request)
    },
    revoke: (capability) => revocation.revoke(capability),
    revokeAll: (account) => revocation.revokeAll(account),
    install: () => installFetch(origin, server.fetch),
  }

  /** Waits for another behaviour. Rejects if the client aborts the request. */
  async function behaviourChange(signal: AbortSignal): Promise<void> {
    let end = (): void => undefined
    try {
      await new Promise<void>((resolve, reject) => {
        end = () => reject(signal.reason)
        waiting.push(resolve)
        signal.addEventListener('abort', end, { once: true })
      })
    } finally {
      signal.removeEventListener('abort', end)
    }
  }
  return server
}

const defaultHandler: SessionHandler = (_, { account }) => Response.json({ account })

const unavailableError = (): SessionError =>
  new SessionError('ERR_STORE_UNAVAILABLE', 'the behaviour of the test server is "unavailable"')

/**
 * Replaces `fetch` with `answer` for one origin until the returned function is called. Several replacements can be
 * installed at the same time, and removed in any order.
 */
function installFetch(origin: string, answer: (request: Request) => Promise<Response>): Restore {
  const before = globalThis.fetch
  let isInstalled = true
  const installed: typeof fetch = async (input, init) => {
    if (!isInstalled) return before(input, init)
    const request = new Request(input, init)
    if (new URL(request.url).origin !== origin) return before(request)
    // A browser never sends the fragment of a URL.
    const [sent = '', fragment] = request.url.split('#', 2)
    return answer(fragment === undefined ? request : new Request(sent, request))
  }
  const restoreProperty = replace(globalThis, 'fetch', { value: installed, writable: true })
  return restoreOnce(() => {
    // If `fetch` has been replaced again since, the later replacement still calls this function.
    isInstalled = false
    restoreProperty()
  })
}
