import { type ReadValue, textsOption } from '../base/options.js'

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

// A segment of dots, as whoever resolves a path may read it: with parameters behind it (`..;x`), with a backslash for a slash,
// or ended by what ends a path or a C string. White space around it counts for nothing on some systems.
const DOT_SEGMENT = /(?:^|[/\\])[\p{Cc} ]*\.{1,2}[\p{Cc} ]*(?:[/\\;?#\p{Cc}]|$)/u
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/
// `.`, `/` and `\` in two bytes, which is no UTF-8, but is read as such by some software.
const OVERLONG = /\xc0\xae|\xc0\xaf|\xc1\x9c/g
const SHORT: ReadonlyMap<string, string> = new Map([
  ['\xc0\xae', '.'],
  ['\xc0\xaf', '/'],
  ['\xc1\x9c', '\\'],
])

/**
 * Whether a `.` or `..` segment stands in the path of a URI, however it is written: percent-encoded, once or several times, too.
 * In a query and in a fragment nobody resolves them.
 */
export function hasDotSegment(uri: string): boolean {
  const [path = ''] = uri.split(/[?#]/, 1)
  // Most have none of the characters that it takes.
  if (!/\.|%/.test(path)) return false
  const decoded = fullyDecoded(path.replace(SCHEME, ''))
  return DOT_SEGMENT.test(decoded.replace(OVERLONG, (bytes) => SHORT.get(bytes) ?? ''))
}

/** The text without any percent-encoding, and without that of the encoding: in one go, whatever it nests. */
function fullyDecoded(text: string): string {
  if (!text.includes('%')) return text
  const characters: string[] = []
  for (const character of text) {
    characters.push(character)
    // What was decoded may be the end of another one.
    for (let byte = lastByte(characters); byte !== undefined; byte = lastByte(characters))
      characters.splice(-3, 3, String.fromCharCode(byte))
  }
  return characters.join('')
}

function lastByte(characters: readonly string[]): number | undefined {
  const [percent, high = '', low = ''] = characters.slice(-3)
  return percent === '%' && /^[0-9A-Fa-f]{2}$/.test(high + low) ? Number.parseInt(high + low, 16) : undefined
}

/** How a ReCap begins. */
export const RECAP = 'urn:recap:'
// What a granted resource stands for: itself; and, where it ends in a wildcard, all that lies under it.
const WILDCARD = /^[^?#]*\/(?=\*$)/

/** Whether a resource is a ReCap (ERC-5573), which holds abilities. */
export function isRecap(resource: string | undefined): boolean {
  return resource?.startsWith(RECAP) === true
}

/**
 * Whether a text can be granted, and asked for, as a resource: a URI (RFC 3986) without `.` or `..` segments. Whoever resolves
 * those ends elsewhere than the text says, so that a resource with one covers nothing, and nothing covers it.
 */
export function isResource(text: string): boolean {
  return isURI(text) && !hasDotSegment(text)
}

/**
 * Whether one granted resource covers a wanted one: the same text; or the grant is `scheme://*` or a path
 * that ends in `/*`, and the wanted resource lies under it, on a `/` boundary. What is no resource (`isResource`) is not covered.
 */
export function covers(granted: string, wanted: string): boolean {
  return coverageOf([granted])(wanted)
}

/** The wanted resources that none of the granted ones covers. */
export function missingResources(granted: readonly string[], wanted: readonly string[]): string[] {
  const isCovered = coverageOf(granted)
  return wanted.filter((resource) => !isCovered(resource))
}

/** Whether one of the granted resources covers a wanted one, for many that are wanted. */
export function coverageOf(granted: readonly string[]): (wanted: string) => boolean {
  const exact = new Set<string>()
  const root: Folder = { folders: new Map(), isGranted: false }
  for (const grant of granted) {
    if (hasDotSegment(grant)) continue
    exact.add(grant)
    const prefix = WILDCARD.exec(grant)?.[0]
    if (prefix !== undefined) folderAt(root, prefix.split('/').slice(0, -1)).isGranted = true
  }
  return (wanted) => isResource(wanted) && (exact.has(wanted) || liesInGranted(root, wanted.split('/')))
}

// What is granted with all that lies under it, by the parts of its text between slashes. There may be a thousand resources on
// either side: so each text is gone through once, and none is compared with each of the others.
interface Folder {
  readonly folders: Map<string, Folder>
  isGranted: boolean
}

function folderAt(root: Folder, names: readonly string[]): Folder {
  let folder = root
  for (const name of names) {
    const next = folder.folders.get(name) ?? { folders: new Map(), isGranted: false }
    folder.folders.set(name, next)
    folder = next
  }
  return folder
}

// The last name isn't a folder's; it is empty for the folder itself, which a wildcard doesn't stand for.
function liesInGranted(root: Folder, names: readonly string[]): boolean {
  let folder: Folder | undefined = root
  const last = names.length - 1
  for (let i = 0; i < last; i++) {
    folder = folder.folders.get(names[i] ?? '')
    if (!folder) return false
    if (folder.isGranted && (i + 1 < last || names[last] !== '')) return true
  }
  return false
}

/**
 * Resources that must be covered, as a function of a request gives them: at least one, for a list of none would check nothing. Their
 * texts may be the request's own, so that one that is no URI is no mistake of the server's: nothing covers it.
 */
export const givenResources: ReadValue<readonly string[]> = (value, name) => {
  const form = 'a list of URIs: ["https://api.example.com/notes/1"]'
  const list = textsOption(form)(value, name)
  if (list.length > 0) return list
  throw new TypeError(`${name} is empty, and would check nothing: it must be ${form}`)
}

/** The same as an option, which names URIs or is wrong. */
export const resourcesOption: ReadValue<readonly string[]> = (value, name) => {
  const list = givenResources(value, name)
  const odd = list.find((resource) => !isResource(resource))
  if (odd !== undefined)
    throw new TypeError(
      `${name} names ${JSON.stringify(odd)}, which is no URI (RFC 3986) without . and .. segments`,
    )
  return list
}
