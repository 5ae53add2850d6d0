import { fromUtf8 } from '../../base/utf8.js'

/**
 * The members of `clientDataJSON` that a browser reports about an assertion (WebAuthn Level 3, section
 * 5.8.1). They are not checked yet.
 */
export interface ClientData {
  readonly type?: unknown
  /** In base64url. */
  readonly challenge?: unknown
  readonly origin?: unknown
  readonly crossOrigin?: unknown
  readonly topOrigin?: unknown
}

/** Parses a `clientDataJSON`. Returns an empty object if it is not a JSON object in UTF-8. */
export function parseClientData(clientDataJSON: Uint8Array): ClientData {
  try {
    const data: unknown = JSON.parse(fromUtf8(clientDataJSON) ?? '')
    return typeof data === 'object' && data !== null ? data : {}
  } catch {
    return {}
  }
}

/** Whether an origin (`https://host`) is that of a domain (an RFC 3986 authority, with its port). */
export function isOriginOf(origin: string, domain: string): boolean {
  // Browsers only offer passkeys on https, and on http for localhost.
  if (origin === `https://${domain}`) return true
  return origin === `http://${domain}` && /^([^.@/?#]+\.)*localhost(:\d+)?$/.test(domain)
}

/**
 * Returns the host name of a domain (an RFC 3986 authority), in lower case; `undefined` if it is malformed.
 */
export function hostnameOf(domain: string): string | undefined {
  try {
    return new URL(`https://${domain}`).hostname
  } catch {
    return undefined
  }
}
