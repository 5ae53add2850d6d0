import { SessionError, type SessionErrorCode } from '../base/errors.js'

/** The error `ERR_REQUEST_<name>`, with a message that says why the request was refused. */
export function requestRefused(name: RequestErrorName, reason: string, cause?: unknown): SessionError {
  const options = cause === undefined ? undefined : { cause }
  return new SessionError(`ERR_REQUEST_${name}`, `the request is refused: ${reason}`, options)
}

type RequestErrorName = SessionErrorCode extends infer Code
  ? Code extends `ERR_REQUEST_${infer Name}`
    ? Name
    : never
  : never
