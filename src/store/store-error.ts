import { SessionError } from '../base/errors.js'

/** What a store of the caller's own threw, as `ERR_STORE_UNAVAILABLE`; a `SessionError` stays what it is. */
export function storeError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  return new SessionError('ERR_STORE_UNAVAILABLE', 'the store failed: see the cause', { cause })
}
