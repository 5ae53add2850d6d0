import { expect } from 'vitest'
import { SessionError, type SessionErrorCode } from '../../src/base/errors.js'

/** Expects that the work rejects with a `SessionError` of this code, and returns the error. */
export async function expectCode(code: SessionErrorCode, work: () => unknown): Promise<SessionError> {
  const error = await failureOf(work)
  expect(error).toBeInstanceOf(SessionError)
  expect((error as SessionError).code).toBe(code)
  return error as SessionError
}

/** The error that the work throws or rejects with. */
export async function failureOf(work: () => unknown): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('expected a failure, but there was none')
}
