/** Why something failed. The union is closed, so callers can `switch` on it exhaustively. */
export type SessionErrorCode =
  | 'ERR_ENVIRONMENT'
  | 'ERR_KEY_UNSUPPORTED'
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_CORRUPT'
  | 'ERR_WALLET_NOT_FOUND'
  | 'ERR_AUTH_REJECTED'
  | 'ERR_AUTH_FAILED'
  | 'ERR_CAPABILITY_INVALID'
  | 'ERR_CAPABILITY_UNSUPPORTED'
  | 'ERR_CAPABILITY_SIGNATURE'
  | 'ERR_CAPABILITY_ISSUER'
  | 'ERR_CAPABILITY_AUDIENCE'
  | 'ERR_CAPABILITY_DOMAIN'
  | 'ERR_CAPABILITY_NONCE'
  | 'ERR_CAPABILITY_EXPIRED'
  | 'ERR_CAPABILITY_NOT_YET_VALID'
  | 'ERR_CAPABILITY_RESOURCES'
  | 'ERR_CAPABILITY_REVOKED'
  | 'ERR_CAPABILITY_DELEGATED'
  | 'ERR_RPC_UNAVAILABLE'
  | 'ERR_NOT_SERIALIZABLE'
  | 'ERR_SESSION_STRING'
  | 'ERR_SESSION_REMOVED'
  | 'ERR_REVOCATION_FAILED'
  | 'ERR_COOKIE_FAILED'
  | 'ERR_JWS_INVALID'
  | 'ERR_REQUEST_UNSIGNED'
  | 'ERR_REQUEST_SIGNATURE'
  | 'ERR_REQUEST_DIGEST'
  | 'ERR_REQUEST_STALE'
  | 'ERR_REQUEST_REPLAYED'
  | 'ERR_REQUEST_TOO_LARGE'
  | 'ERR_REQUEST_LIMIT'
  | 'ERR_REQUEST_ORIGIN'

/**
 * The error for everything that can fail at run time. Switch on its `code`; the message says what to do, and `cause` is
 * the underlying error, if there is one. Four things are not a `SessionError`: a wrong argument is a `TypeError`; an
 * aborted call rejects with its signal's reason; `session.fetch` rejects as `fetch` does if the server can't be reached;
 * and a call rejects as `import()` does if the page can't load the library's code, for example after a deployment.
 *
 * @example
 * try { await DIDSession.get(account, auth, { resources }) }
 * catch (error) { if (error instanceof SessionError && error.code === 'ERR_AUTH_REJECTED') showLogin() }
 */
export class SessionError extends Error {
  readonly code: SessionErrorCode

  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'SessionError'
    this.code = code
  }
}

/** Converts an error of a store to `ERR_STORE_UNAVAILABLE`. Returns a `SessionError` unchanged. */
export function storeError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  return new SessionError('ERR_STORE_UNAVAILABLE', 'the store failed: see the cause', { cause })
}
