import { fromUtf8 } from '../../base/utf8.js'
/** What a browser says of an assertion in `clientDataJSON` (WebAuthn Level 3, 5.8.1). None of it is checked. */
export interface ClientData {
  readonly type?: unknown
  /** Base64url. */
  readonly challenge?: unknown
  readonly origin?: unknown
  readonly crossOrigin?: unknown
  readonly topOrigin?: unknown
}

/** The members of a `clientDataJSON`; none if it is no object in UTF-8. */
export function parseClientData(clientDataJSON: Uint8Array): ClientData {
  try {
    const data: unknown = JSON.parse(fromUtf8(clientDataJSON) ?? '')
    return typeof data === 'object' && data !== null ? data : {}
  } catch {
    return {}
  }
}

/** Whether an origin (`https://host`) is the one of a domain: an RFC 3986 authority, with its port. */
export function isOriginOf(origin: string, domain: string): boolean {
  // Browsers sign with passkeys on https, and on this very machine.
  if (origin === `https://${domain}`) return true
  return origin === `http://${domain}` && /^([^.@/?#]+\.)*localhost(:\d+)?$/.test(domain)
}

/** The host name of a domain (an RFC 3986 authority), in lower case. */
export function hostnameOf(domain: string): string | undefined {
  try {
    return new URL(`https://${domain}`).hostname
  } catch {
    return undefined
  }
}
