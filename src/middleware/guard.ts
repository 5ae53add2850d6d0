import { callHook } from '../base/app-hook.js'
import { type Clock, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import {
  assertNames,
  booleanOption,
  copiedOptions,
  functionOption,
  isPlainObject,
  type OptionReaders,
  readOptions,
  setting,
} from '../base/options.js'
import type { IncomingRequest } from '../http/incoming-request.js'
import { REQUEST_OPTIONS, type RequestVerifierOptions } from '../http/verify-options.js'
import { incomingVerifier, StepTimer, type StepTimes, type VerifiedRequest } from '../http/verify-request.js'
import { signedElsewhere } from '../http/verify-signature.js'
import { type AnswerMarks, DEFAULT_VARY, type Refusal, refusalOf } from './answer.js'

/** How a middleware verifies requests, and what it does when it refuses one. */
export interface RequireSessionOptions<R = Request> extends RequestVerifierOptions<R> {
  /**
   * Called for each accepted request, before its handler, with the time that each step took: for metrics. An async function is not
   * awaited; if it rejects, its error is written to the console.
   */
  onAdmitted?: (caller: VerifiedRequest, request: R, times: StepTimes) => void
  /**
   * Called for each refusal, with the details that the client does not get and the time that each step took; the last step is the one
   * that refused. For logs and metrics. An async function is not awaited; if it rejects, its error is written to the console.
   */
  onRefused?: (error: SessionError, request: R, times: StepTimes) => void
  /**
   * Whether refusals are written to the server's log (`console.warn`), with the expected and the received value, at most one a
   * second for each code, and three in all. True by default if there is no `onRefused`, and otherwise false.
   */
  debug?: boolean
}

/** The options of a middleware after they were read: those of the verifier, and its own. */
interface ReadSessionOptions<R> {
  readonly verifier: RequestVerifierOptions<R>
  readonly onAdmitted: RequireSessionOptions<R>['onAdmitted']
  /** `isAgain` says whether the guard has accepted this very request before. */
  readonly onRefused: (error: SessionError, request: R, times: StepTimes, isAgain: boolean) => Promise<void>
  readonly now: Clock
  /** The header that answers name in `Vary`: the one that carries the capability. */
  readonly vary: string
}

/**
 * Separates the options of the verifier from the middleware's own. Throws a `TypeError` for an option that does not exist, and for a
 * wrong one of its own.
 */
export function readSessionOptions<R>(options: RequireSessionOptions<R>): ReadSessionOptions<R> {
  // Also for `app.use(requireSession)`, which calls it with each request.
  if (!isPlainObject(options))
    throw new TypeError(
      'options must be a plain object, with which requireSession makes the middleware: requireSession({ verifiers, authority, domains, resources })',
    )
  const given = copiedOptions(options)
  assertNames(given, SESSION_OPTIONS)
  const { onAdmitted: givenOnAdmitted, onRefused: givenOnRefused, debug: givenDebug, ...verifier } = given
  const {
    onAdmitted,
    onRefused,
    debug = onRefused === undefined,
  } = readOptions<OwnOptions<R>>(
    { onAdmitted: givenOnAdmitted, onRefused: givenOnRefused, debug: givenDebug },
    OWN_OPTIONS as OptionReaders<OwnOptions<R>>,
  )
  const { now: clock, capabilityHeader } = verifier as { now?: unknown; capabilityHeader?: unknown }
  const now = typeof clock === 'function' ? (clock as Clock) : systemClock
  const log = debug ? refusalLog(now) : undefined
  return {
    verifier: verifier as unknown as RequestVerifierOptions<R>,
    now,
    vary: typeof capabilityHeader === 'string' ? capabilityHeader : DEFAULT_VARY,
    onAdmitted: onAdmitted && ((...args) => callHook(() => onAdmitted(...args), logRejection('onAdmitted'))),
    async onRefused(error, request, times, isAgain) {
      callHook(() => onRefused?.(error, request, times), logRejection('onRefused'))
      await log?.(error, request, isAgain)
    },
  }
}

function logRejection(hook: string): (error: unknown) => void {
  return (error) => console.error(`cacao-session: ${hook} rejected:`, error)
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

/**
 * The decision of a guard about a request: if it is accepted, the caller, the request with the verified URL, and how to mark the
 * answer; otherwise the answer.
 */
export type Verdict<R> =
  | {
      readonly caller: VerifiedRequest
      readonly request: R
      readonly marks: AnswerMarks
      readonly refusal?: never
    }
  | { readonly refusal: Refusal }

/**
 * Returns the function that every middleware calls for a request: it verifies the request, and calls the app's hooks and the log.
 * `received` reads the request, and may refuse it. Rejects with any error that is not a refusal, because it is a fault of the server.
 */
export function sessionGuard<R>(
  options: RequireSessionOptions<R>,
): (request: R, received: () => IncomingRequest<R>) => Promise<Verdict<R>> {
  const { verifier, onAdmitted, onRefused, now, vary } = readSessionOptions(options)
  const verify = incomingVerifier(verifier)
  const accepted = new WeakSet<object>()
  return async (request, received) => {
    const timer = new StepTimer()
    let caller: VerifiedRequest
    let verified: R
    try {
      const incoming = received()
      caller = await verify(incoming, timer)
      verified = await incoming.at(caller.url)
    } catch (error) {
      const isAgain = accepted.has(request as object)
      if (error instanceof SessionError) await onRefused(error, request, timer.times(), isAgain)
      return { refusal: refusalOf(error, request, now, vary) }
    }
    // The handlers of most frameworks get the second one.
    for (const object of [request, verified]) accepted.add(object as object)
    // Called outside of the try block: an error of the app's hook is a fault of the app, not a refusal.
    onAdmitted?.(caller, verified, timer.times())
    return { caller, request: verified, marks: { vary, isSignedURL: caller.isSignedURL === true } }
  }
}

/**
 * The error for a guard that was called with something other than what its framework passes. All entries export a `requireSession`,
 * and an editor may have imported that of another framework, which would otherwise fail with the engine's own words, and for some
 * requests only.
 */
export function notCalledBy(entry: string, framework: string): TypeError {
  return new TypeError(
    `requireSession of cacao-session/${entry} was called with something other than ${framework}: import it from the entry of your framework: cacao-session/express (also for node:http), /fastify, /hono or /fetch`,
  )
}

// A client that fails again and again must not fill the log. Yet one that is refused for two reasons in a row, as `session.fetch` is
// when it has corrected its clock, leaves both of them in the log.
const LOG_INTERVAL_MS = 1000
const MAX_LINES = 3
const MAX_LINE_LENGTH = 1000

/**
 * Returns a function that writes a refusal to the server's log (`console.warn`): the request's method and path, the code, and the
 * reason with the expected and the received value. It writes at most one line a second for each code, and three in all; the next line
 * says how many were left out. A line contains no capability, signature or query, which may be secret.
 */
function refusalLog(now: Clock): (error: SessionError, request: unknown, isAgain: boolean) => Promise<void> {
  let start = Number.NEGATIVE_INFINITY
  const codes = new Set<string>()
  let leftOut = 0
  return async (error, request, isAgain) => {
    const time = now()
    // The absolute value keeps the log going after the clock was set back.
    if (Math.abs(time - start) >= LOG_INTERVAL_MS) {
      start = time
      codes.clear()
    }
    if (codes.has(error.code) || codes.size === MAX_LINES) {
      leftOut++
      return
    }
    codes.add(error.code)
    const others = leftOut > 0 ? ` (${leftOut} more refusals since the last line)` : ''
    leftOut = 0
    // Computed only for a line that is written, so that a client can't make every refusal expensive.
    const elsewhere = await signedElsewhere(error)
    const hint = elsewhere ? `. It was signed for ${elsewhere}` : hintFor(request, isAgain)
    const line = `cacao-session refused ${nameOf(request)}: ${error.code}: ${error.message}${hint}${others}`
    console.warn(withoutHidden(line.slice(0, MAX_LINE_LENGTH), () => ' '))
  }
}

function nameOf(request: unknown): string {
  const { method, url, originalUrl } = (request ?? {}) as {
    method?: unknown
    url?: unknown
    originalUrl?: unknown
  }
  // Where Express or Connect mounts the middleware, `url` lacks the path at which it is mounted.
  const [path = ''] = String(originalUrl ?? url).split('?', 1)
  return `${String(method)} ${path.replace(/^https?:\/\/[^/]*/, '')}`
}

// A browser sends a preflight before a request to another origin, and a preflight is never signed.
function hintFor(request: unknown, isAgain: boolean): string {
  if (isAgain) return '. requireSession itself has accepted it before: add it to each route only once'
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
