import { type Clock, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import {
  assertNames,
  booleanOption,
  copiedOptions,
  functionOption,
  type OptionReaders,
  readOptions,
  setting,
} from '../base/options.js'
import type { IncomingRequest } from '../http/incoming-request.js'
import { REQUEST_OPTIONS, type RequestVerifierOptions } from '../http/verify-options.js'
import { incomingVerifier, StepTimer, type StepTimes, type VerifiedRequest } from '../http/verify-request.js'
import { signedElsewhere } from '../http/verify-signature.js'
import { type AnswerMarks, DEFAULT_VARY, type Refusal, refusalOf } from './answer.js'

/** How a middleware verifies requests, and what it does about refusals. */
export interface RequireSessionOptions<R = Request> extends RequestVerifierOptions<R> {
  /** Called for each request that is accepted, before its handler, with the time that each step took: for metrics. */
  onAdmitted?: (caller: VerifiedRequest, request: R, times: StepTimes) => void
  /**
   * Called for each refusal, with the details that the client does not get and the time that each step took, the last of which
   * refused: for logs and metrics.
   */
  onRefused?: (error: SessionError, request: R, times: StepTimes) => void
  /**
   * Whether refusals are written to the server's log (`console.warn`), with what was expected and what came, at most one a
   * second. By default they are if there is no `onRefused`.
   */
  debug?: boolean
}

/** What a middleware does with its options: the verifier's are separate from its own. */
interface ReadSessionOptions<R> {
  readonly verifier: RequestVerifierOptions<R>
  readonly onAdmitted: RequireSessionOptions<R>['onAdmitted']
  readonly onRefused: (error: SessionError, request: R, times: StepTimes) => Promise<void>
  readonly now: Clock
  /** The header by which answers vary: the one in which the capability travels. */
  readonly vary: string
}

/** Separates the options of the verifier from the middleware's own. Throws a `TypeError` for a wrong one of these. */
export function readSessionOptions<R>(options: RequireSessionOptions<R>): ReadSessionOptions<R> {
  const given = copiedOptions(options)
  assertNames(given, SESSION_OPTIONS)
  const { onAdmitted: admitted, onRefused: refused, debug: isWanted, ...verifier } = given
  const {
    onAdmitted,
    onRefused,
    debug = onRefused === undefined,
  } = readOptions<OwnOptions<R>>(
    { onAdmitted: admitted, onRefused: refused, debug: isWanted },
    OWN_OPTIONS as OptionReaders<OwnOptions<R>>,
  )
  const { now: clock, capabilityHeader } = verifier as { now?: unknown; capabilityHeader?: unknown }
  const now = typeof clock === 'function' ? (clock as Clock) : systemClock
  const log = debug ? refusalLog(now) : undefined
  return {
    verifier: verifier as unknown as RequestVerifierOptions<R>,
    now,
    vary: typeof capabilityHeader === 'string' ? capabilityHeader : DEFAULT_VARY,
    onAdmitted,
    async onRefused(error, request, times) {
      onRefused?.(error, request, times)
      await log?.(error, request)
    },
  }
}

interface OwnOptions<R> {
  readonly onAdmitted: RequireSessionOptions<R>['onAdmitted']
  readonly onRefused: RequireSessionOptions<R>['onRefused']
  readonly debug: boolean | undefined
}

const OWN_OPTIONS: OptionReaders<OwnOptions<never>> = {
  onAdmitted: setting(functionOption('a function that is called for each accepted request')),
  onRefused: setting(functionOption('a function that is called for each refusal')),
  debug: setting(booleanOption),
}

/** The readers of all options of a middleware. */
export const SESSION_OPTIONS: Readonly<Record<keyof RequireSessionOptions, unknown>> = {
  ...REQUEST_OPTIONS,
  ...OWN_OPTIONS,
}

/** What a guard decides: who is calling, the request with the verified URL, and how the answer is marked; or the answer to a refused one. */
export type Verdict<R> =
  | {
      readonly caller: VerifiedRequest
      readonly request: R
      readonly marks: AnswerMarks
      readonly refusal?: never
    }
  | { readonly refusal: Refusal }

/**
 * What every middleware does with a request, whatever its server: verifies it, and tells the app's hooks and the log. `received` is
 * called to read it, and may refuse it. Rejects with what is a fault of the server.
 */
export function sessionGuard<R>(
  options: RequireSessionOptions<R>,
): (request: R, received: () => IncomingRequest<R>) => Promise<Verdict<R>> {
  const { verifier, onAdmitted, onRefused, now, vary } = readSessionOptions(options)
  const verify = incomingVerifier(verifier)
  return async (request, received) => {
    const timer = new StepTimer()
    let caller: VerifiedRequest
    let verified: R
    try {
      const incoming = received()
      caller = await verify(incoming, timer)
      verified = await incoming.at(caller.url)
    } catch (error) {
      if (error instanceof SessionError) await onRefused(error, request, timer.times())
      return { refusal: refusalOf(error, request, now, vary) }
    }
    // After the decision: what the app's hook throws is a fault of the app, and no refusal.
    onAdmitted?.(caller, verified, timer.times())
    return { caller, request: verified, marks: { vary, isSignedURL: caller.isSignedURL === true } }
  }
}

// A client that fails again and again must not fill the log.
const EVERY_MS = 1000
const MOST_CHARACTERS = 1000

/**
 * Writes a line to the server's log (`console.warn`) for a refusal: the request's method and path, the code, and the reason with
 * what was expected and what came. At most one line a second; the next one says how many were left out. It contains no
 * capability, signature or query, which may be secret.
 */
function refusalLog(now: Clock): (error: SessionError, request: unknown) => Promise<void> {
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
