import { SessionError, type SessionErrorCode } from 'cacao-session'

const REASONS: Partial<Record<SessionErrorCode, string>> = {
  ERR_AUTH_REJECTED: 'You declined in the wallet, so nothing was signed. You can try again.',
  ERR_AUTH_FAILED: 'The wallet did not answer as it should. Unlock it, or try another one.',
  ERR_CAPABILITY_SIGNATURE: 'The wallet signed with another account. Switch to the right one and try again.',
  ERR_CAPABILITY_EXPIRED: 'Your session has expired. Sign in again.',
  ERR_SESSION_REMOVED: 'You were signed out, perhaps in another tab. Sign in again.',
  ERR_STORE_UNAVAILABLE: 'The browser does not let this page use its storage.',
}

/** Returns a message for people. */
export function reasonOf(error: unknown): string {
  if (error instanceof SessionError) return REASONS[error.code] ?? error.message
  return 'The server can’t be reached.'
}

/** An account, short enough to read: `0x1234…abcd`. */
export function shortOf(account: string): string {
  const address = account.slice(account.lastIndexOf(':') + 1)
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}

/** A time in the format of the person's locale. */
export function dateOf(time: Date | undefined): string {
  return time?.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) ?? 'for ever'
}
