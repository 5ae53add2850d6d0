import { SessionError } from '../base/errors.js'
import type { IncomingRequest } from '../http/incoming-request.js'
import { incomingVerifier, StepTimer, type VerifiedRequest } from '../http/verify-request.js'
import {
  type AnswerMarks,
  type Refusal,
  type RequireSessionOptions,
  readSessionOptions,
  refusalOf,
} from './answer.js'

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
