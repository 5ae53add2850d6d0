import { within } from './environment.js'
import { SessionError } from './errors.js'
import { withoutHidden } from './hidden-characters.js'

const MAX_REASON = 100

/**
 * Calls a store and resolves with its answer. Rejects with `ERR_STORE_UNAVAILABLE` if the call fails, or takes longer
 * than `ms` milliseconds. `store` names the store in the error.
 */
export async function answerWithin<T>(ms: number, store: string, call: () => T | Promise<T>): Promise<T> {
  let given: { readonly answer: T } | undefined
  try {
    const called = call()
    // In an object, because the answer itself may be `undefined`. An answer that is already there needs no timer.
    given = isThenable(called) ? await within(ms, answerOf(called)) : { answer: called }
  } catch (cause) {
    throw storeFailure(store, cause)
  }
  if (given) return given.answer
  throw new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `${store} gave no answer within ${ms} ms: check that it is running`,
  )
}

/**
 * Converts an error of a store to `ERR_STORE_UNAVAILABLE` with its reason, because logs don't show causes: a full or
 * read-only database is running, too. Returns an `ERR_STORE_UNAVAILABLE` unchanged.
 */
export function storeFailure(store: string, cause: unknown): SessionError {
  if (cause instanceof SessionError && cause.code === 'ERR_STORE_UNAVAILABLE') return cause
  const reason = withoutHidden(cause instanceof Error ? cause.message : String(cause), () => ' ')
  return new SessionError('ERR_STORE_UNAVAILABLE', `${store} failed: ${reason.slice(0, MAX_REASON)}`, {
    cause,
  })
}

function isThenable<T>(called: T | Promise<T>): called is Promise<T> {
  return typeof (called as { readonly then?: unknown } | null | undefined)?.then === 'function'
}

async function answerOf<T>(called: Promise<T>): Promise<{ readonly answer: T }> {
  return { answer: await called }
}
