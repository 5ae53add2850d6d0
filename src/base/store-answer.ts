import { within } from './environment.js'
import { SessionError } from './errors.js'

/**
 * Calls a store and settles as the call does. Rejects with `ERR_STORE_UNAVAILABLE` if that takes longer than `ms`
 * milliseconds.
 */
export async function answerWithin<T>(ms: number, store: string, call: () => T | Promise<T>): Promise<T> {
  // In an object, because the answer itself may be `undefined`.
  const answering = async (): Promise<{ readonly answer: T }> => ({ answer: await call() })
  const given = await within(ms, answering())
  if (given) return given.answer
  throw new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `${store} gave no answer within ${ms} ms: check that it is running`,
  )
}
