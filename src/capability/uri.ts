// The grammar of RFC 3986, as far as a capability needs it: is this text a URI, is that one an authority?

const CHAR = "[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2}"
const URI = new RegExp(
  '^[A-Za-z][A-Za-z0-9+.-]*:' + // scheme
    `(?:\\/\\/([^/?#]*)(?=[/?#]|$)|(?!\\/\\/))` +
    `(?:${CHAR}|[:@/])*` + // path
    `(?:\\?(?:${CHAR}|[:@/?])*)?` + // query
    `(?:#(?:${CHAR}|[:@/?])*)?$`, // fragment
)
const AUTHORITY = new RegExp(`^(?:(?:${CHAR}|:)*@)?(\\[[^[\\]]*\\]|(?:${CHAR})*)(?::[0-9]*)?$`)
const IPV_FUTURE = /^v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/
// RFC 3986 allows no leading zeros in an octet, but the ABNF that wallets' parsers follow does, up to 3 digits.
const IPV4 = /^(?:[01]?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])(?:\.(?:[01]?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])){3}$/

/** Whether the text is a URI with a scheme (RFC 3986 §3). */
export function isURI(text: string): boolean {
  const match = URI.exec(text)
  return match !== null && (match[1] === undefined || hostOf(match[1]) !== undefined)
}

/** Whether the text is an authority with a host: `[userinfo@]host[:port]` (RFC 3986 §3.2). */
export function isAuthority(text: string): boolean {
  return Boolean(hostOf(text))
}

function hostOf(authority: string): string | undefined {
  const host = AUTHORITY.exec(authority)?.[1]
  if (host?.startsWith('[') && !isIPv6(host.slice(1, -1)) && !IPV_FUTURE.test(host.slice(1, -1)))
    return undefined
  return host
}

function isIPv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2) return false
  const last = halves.length - 1
  const counts = halves.map((half, i) => countGroups(half, i === last))
  if (counts.some((count) => count < 0)) return false
  const groups = counts.reduce((sum, count) => sum + count, 0)
  return halves.length === 2 ? groups < 8 : groups === 8
}

// How many 16-bit groups the colon-separated text stands for, or -1. An IPv4 tail stands for two.
function countGroups(text: string, mayEndInIPv4: boolean): number {
  if (text === '') return 0
  const parts = text.split(':')
  const tail = mayEndInIPv4 && parts.at(-1)?.includes('.') ? parts.pop() : undefined
  if (tail !== undefined && !IPV4.test(tail)) return -1
  if (!parts.every((part) => /^[0-9A-Fa-f]{1,4}$/.test(part))) return -1
  return parts.length + (tail === undefined ? 0 : 2)
}
