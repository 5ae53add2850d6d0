import type { IncomingRequest } from './incoming.js'
import { refused } from './verify-signature.js'

const MAX_TARGET_LENGTH = 65_536
// The names of this machine itself, where pages and servers are tried out without TLS.
const LOOPBACK = /^(?:localhost|[^.]+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?$/

/**
 * The one URL of a request: the configured authority, and the target as it came. Nothing of it is what the client named as
 * host, and nothing was rewritten: throws `ERR_REQUEST_SIGNATURE` for a target that a URL would spell in another way (dot
 * segments, a fragment, a backslash, an absolute form), because it would be one thing to sign and another to handle. The
 * scheme is https, which a proxy may have ended before this server, but for this machine itself.
 */
export function verifiedURL(
  authority: string,
  { target, isEncrypted }: Pick<IncomingRequest<unknown>, 'target' | 'isEncrypted'>,
): URL {
  const scheme = !isEncrypted && LOOPBACK.test(authority) ? 'http' : 'https'
  const text = `${scheme}://${authority}${target}`
  const url = target.startsWith('/') && target.length <= MAX_TARGET_LENGTH ? parsed(text) : undefined
  // A fragment may be empty, and is one all the same.
  if (url?.href === text && !target.includes('#') && url.host === authority) return url
  throw refused('SIGNATURE', 'its target must be a path and a query as URLs write them, without dot segments')
}

function parsed(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
