const TARGET = /^(\w+:\/\/[^/?#]*)([^#]*)/
// What the URL parser of engines leaves as it is in a path or a query, although a URI can't contain it.
const NOT_IN_URI = /[[\]{}|^\\`]/g

/**
 * The URL as it is sent: without its fragment, and with the characters percent-encoded that a URI can't contain (RFC 3986 §3.3). Some
 * proxies, such as Caddy, and some engines encode these themselves, so that the signature would not fit, and no resource can name them.
 */
export function sentURL(url: string): string {
  const parts = TARGET.exec(url)
  // As `blob:…` or `data:…`, which no server gets.
  if (!parts) return url
  const [, origin = '', target = ''] = parts
  return origin + target.replace(NOT_IN_URI, (character) => encodeURIComponent(character))
}

// What a request has besides its method, headers and body.
const KEPT = [
  'signal',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'referrer',
  'referrerPolicy',
  'integrity',
  'keepalive',
] as const

/**
 * A copy of the request for a different URL, with bytes as its body. A stream can't be the body of a request that is kept alive, and
 * Firefox doesn't take over the body of another request.
 */
export function copyTo(
  url: string | URL,
  request: Request,
  { body, ...init }: { method: string; headers: Headers; body: Uint8Array<ArrayBuffer> },
): Request {
  const kept = KEPT.map((name) => [name, request[name]]).filter(
    ([, value]) => value !== undefined && value !== 'navigate',
  )
  return new Request(url, { ...Object.fromEntries(kept), ...init, ...(body.length > 0 && { body }) })
}
