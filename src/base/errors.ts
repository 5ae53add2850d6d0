/** Why something was refused. The union is closed: callers may `switch` on it exhaustively. */
export type SessionErrorCode =
  | 'ERR_ENVIRONMENT'
  | 'ERR_KEY_UNSUPPORTED'
  | 'ERR_STORE_UNAVAILABLE'
  | 'ERR_STORE_CORRUPT'
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
  | 'ERR_JWS_INVALID'
  | 'ERR_REQUEST_UNSIGNED'
  | 'ERR_REQUEST_SIGNATURE'
  | 'ERR_REQUEST_DIGEST'
  | 'ERR_REQUEST_STALE'
  | 'ERR_REQUEST_REPLAYED'
  | 'ERR_REQUEST_TOO_LARGE'
  | 'ERR_REQUEST_LIMIT'

/**
 * The one error class for everything that can go wrong at run time (a wrong argument is a `TypeError`, an
 * aborted call rejects with its signal's reason, and a server that can't be reached with what `fetch` says). Switch
 * on `code`; the message says what to do; `cause` holds what lay beneath, if anything.
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
