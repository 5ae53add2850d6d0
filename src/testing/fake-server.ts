import type { AccountInput } from '../base/account.js'
import { SessionError, type SessionErrorCode } from '../base/errors.js'
import { memoryRevocation } from '../http/revocation.js'
import type { VerifiedRequest } from '../http/verify-request.js'
import { type RequireSessionOptions, refusalOf, refusalResponse } from '../middleware/answer.js'
import { requireSession, type SessionHandler } from '../middleware/fetch.js'
import { ethereumVerifiers } from '../wallet/ethereum/index.js'
import { type Repair, repair, replace } from './replace.js'

/** Has this function answer in place of `fetch` for an origin, until the repair. Repairs may come in any order. */
function installFetch(origin: string, answer: (request: Request) => Promise<Response>): Repair {
  const before = globalThis.fetch
  let isInstalled = true
  const installed: typeof fetch = async (input, init) => {
    if (!isInstalled) return before(input, init)
    const request = new Request(input, init)
    if (new URL(request.url).origin !== origin) return before(request)
    // No fragment is ever sent.
    const [sent = '', fragment] = request.url.split('#', 2)
    return answer(fragment === undefined ? request : new Request(sent, request))
  }
  const putBack = replace(globalThis, 'fetch', { value: installed, writable: true })
  return repair(() => {
    // Another one on top of this one still calls it.
    isInstalled = false
    putBack()
  })
}

/** What the server accepts, and what it answers. The rest is as in `requireSession`, with the same defaults. */
export interface TestServerOptions
  extends Omit<RequireSessionOptions, 'authority' | 'verifiers' | 'revocation' | 'onRefused' | 'resources'> {
  /** The origin that it answers for; `https://api.example.com` by default. */
  url?: string | URL
  /** The kinds of accounts that count; `ethereumVerifiers()` by default. */
  verifiers?: RequireSessionOptions['verifiers']
  /** By which host clients reach it; the one of `url` by default. */
  authority?: RequireSessionOptions['authority']
  /** What a capability must cover; `false`, anything, by default. */
  resources?: RequireSessionOptions['resources']
  /** Answers what was accepted; `{ account }` in JSON by default. */
  handler?: SessionHandler
}

/**
 * How the server takes requests.
 *
 * - `answers`: it verifies and answers them.
 * - `unreachable`: nothing answers: `fetch` rejects with a `TypeError`.
 * - `unavailable`: 503 and `ERR_STORE_UNAVAILABLE`, as `requireSession` says it while a store can't be asked.
 * - `hangs`: they wait until the next behaviour is set, or their own signal gives up.
 */
export type ServerBehaviour = 'answers' | 'unreachable' | 'unavailable' | 'hangs'

/** A request that the server accepted. */
export interface TestCall {
  /** A copy of it, whose body can be read. */
  readonly request: Request
  readonly caller: VerifiedRequest
}

/** A request that the server refused, and why. */
export interface TestRefusal {
  readonly request: Request
  readonly code: SessionErrorCode
  /** What the client is not told. */
  readonly message: string
}

/** A server in memory, for tests. */
export interface TestServer {
  /** Its origin, such as `https://api.example.com`. */
  readonly url: string
  behaviour: ServerBehaviour
  /** What it accepted, in order. */
  readonly calls: readonly TestCall[]
  /** What it refused, in order. */
  readonly refusals: readonly TestRefusal[]
  /** Answers a request, as `fetch` would. */
  fetch(request: Request): Promise<Response>
  /** Refuses this capability from now on: `session.cacao`, or a caller's. */
  revoke(capability: unknown): Promise<void>
  /** Refuses all that the account has granted until now. If its clock stands still, advance it before signing in again. */
  revokeAll(account: AccountInput): Promise<void>
  /** Takes the place of `fetch` for its origin, until the repair; what goes elsewhere goes on. */
  install(): Repair
}

const BEHAVIOURS: readonly unknown[] = ['answers', 'unreachable', 'unavailable', 'hangs']

/**
 * A server for tests, in this page or process: it verifies signed requests as a real one does, with `requireSession`,
 * and remembers who called what. For tests only: it forgets, and answers in place of `fetch`.
 *
 * @example
 * const server = testServer({ domains: ['app.example.com'], resources: ['https://api.example.com/notes/*'] })
 * const repair = server.install()
 * await session.fetch('https://api.example.com/notes/new', { method: 'POST', body: 'Buy cacao beans' })
 * expect(server.calls[0]?.caller.account).toBe(wallet.account)
 * expect(await server.calls[0]?.request.text()).toBe('Buy cacao beans')
 * repair()
 *
 * @example
 * await server.revoke(session.cacao) // 401, ERR_CAPABILITY_REVOKED
 * server.behaviour = 'unreachable'
 */
export function testServer(options: TestServerOptions): TestServer {
  const {
    url = 'https://api.example.com',
    verifiers = ethereumVerifiers(),
    handler = greeting,
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
      while (behaviour === 'hangs') await next(signal)
      if (behaviour === 'unreachable')
        throw new TypeError('fetch failed: the test has the server unreachable')
      if (behaviour === 'unavailable') return refusalResponse(refusalOf(unavailable(), request, onRefused))
      return answer(request)
    },
    revoke: (capability) => revocation.revoke(capability),
    revokeAll: (account) => revocation.revokeAll(account),
    install: () => installFetch(origin, server.fetch),
  }

  /** Waits for another behaviour, or until the client gives up. */
  async function next(signal: AbortSignal): Promise<void> {
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

const greeting: SessionHandler = (_, { account }) => Response.json({ account })

const unavailable = (): SessionError =>
  new SessionError('ERR_STORE_UNAVAILABLE', 'the test has the server unavailable')
