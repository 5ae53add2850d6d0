import { SessionError } from '../base/errors.js'

interface Revocable {
  readonly isExpired: boolean
  fetch(url: string | URL, init: RequestInit): Promise<Response>
}

/**
 * Sends the signed request that revokes the session at a server of ours. Done as well if the server says that it had
 * been revoked, or has expired; one that is known to have needs no server. Rejects with `ERR_REVOCATION_FAILED` for
 * whatever else it answers, a redirection too, or if it can't be reached.
 */
export async function revokeAt(
  url: string | URL,
  session: Revocable,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (session.isExpired) return
  let response: Response
  try {
    // Wherever a redirection leads, a page that is well there says nothing of the session.
    response = await session.fetch(url, { method: 'POST', redirect: 'manual', ...(signal && { signal }) })
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof SessionError) throw cause
    throw failed("the server can't be reached", cause)
  }
  if (response.ok || DONE.includes(await codeOf(response))) return
  const isRedirected = response.type === 'opaqueredirect'
  throw failed(`the server answered ${isRedirected ? 'with a redirection' : response.status}`)
}

const DONE: readonly unknown[] = ['ERR_CAPABILITY_REVOKED', 'ERR_CAPABILITY_EXPIRED']

async function codeOf(response: Response): Promise<unknown> {
  const body: unknown = await response.json().catch(() => undefined)
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined
}

function failed(why: string, cause?: unknown): SessionError {
  return new SessionError(
    'ERR_REVOCATION_FAILED',
    `the session was not revoked: ${why}. It is still signed in here; try again, or sign out of this device with remove()`,
    cause === undefined ? undefined : { cause },
  )
}
