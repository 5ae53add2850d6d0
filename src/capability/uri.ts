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
const OCTET = '(?:[01]?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])'
const IPV4_TAIL = new RegExp(`:(?:${OCTET}\\.){3}${OCTET}$`)
const IPV6_GROUP = /^[0-9A-Fa-f]{1,4}$/

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
  // An IPv4 tail stands for two groups of 16 bits.
  const halves = text.replace(IPV4_TAIL, ':0:0').split('::')
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const isComplete = halves.length === 2 ? groups.length < 8 : halves.length === 1 && groups.length === 8
  return isComplete && groups.every((group) => IPV6_GROUP.test(group))
}
