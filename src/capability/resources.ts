import { type ReadValue, textsOption } from '../base/options.js'

/** The prefix of a ReCap URI (ERC-5573). */
export const RECAP = 'urn:recap:'

/** Whether a resource is a ReCap (ERC-5573), which contains abilities. */
export function isRecap(resource: string | undefined): boolean {
  return resource?.startsWith(RECAP) === true
}

/**
 * Whether a granted resource covers a wanted one: both are the same text; or the granted resource is `scheme://*` or
 * has a path that ends in `/*`, and the wanted resource lies below it. A wanted text that is not a resource
 * (`isResource`) is not covered.
 */
export function covers(granted: string, wanted: string): boolean {
  return coverageOf([granted])(wanted)
}

/** The wanted resources that no granted resource covers. */
export function missingResources(granted: readonly string[], wanted: readonly string[]): string[] {
  const isCovered = coverageOf(granted)
  return wanted.filter((resource) => !isCovered(resource))
}

// The part of a wildcard grant before the `*`, including the last slash.
const FOLDER = /^[^?#]*\/(?=\*$)/

/**
 * Returns a function that tells whether any of the granted resources covers a wanted resource. Both sides may have a
 * thousand resources, so they are not compared pair by pair.
 */
export function coverageOf(granted: readonly string[]): (wanted: string) => boolean {
  const exact = new Set<string>()
  const folders = new Set<string>()
  const lengths = new Set<number>()
  for (const grant of granted) {
    if (hasDotSegment(grant)) continue
    exact.add(grant)
    const [folder] = FOLDER.exec(grant) ?? []
    if (folder === undefined) continue
    folders.add(folder)
    lengths.add(folder.length)
  }
  const isInFolder = (wanted: string): boolean => {
    // A wildcard does not cover its own folder, and `x:/*` no `x://host`, whose path begins after the host.
    for (const length of lengths)
      if (
        wanted.length > length &&
        folders.has(wanted.slice(0, length)) &&
        wanted.slice(length - 2, length + 1) !== '://'
      )
        return true
    return false
  }
  return (wanted) => isResource(wanted) && (exact.has(wanted) || isInFolder(wanted))
}

/**
 * Whether a text can be granted and required as a resource: a URI (RFC 3986) without `.` or `..` segments. Software
 * that resolves these segments arrives at another path, so a text with such a segment covers nothing, and nothing
 * covers it.
 */
export function isResource(text: string): boolean {
  return isURI(text) && !hasDotSegment(text)
}

// The grammar of RFC 3986.
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
// RFC 3986 allows no leading zeros in an octet, but the ABNF that wallets' parsers follow allows up to 3 digits.
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
  // An IPv4 address at the end stands for two groups of 16 bits.
  const halves = text.replace(IPV4_TAIL, ':0:0').split('::')
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const isComplete = halves.length === 2 ? groups.length < 8 : halves.length === 1 && groups.length === 8
  return isComplete && groups.every((group) => IPV6_GROUP.test(group))
}

// A `.` or `..` segment in every form that some software resolves: with parameters (`..;x`), with a backslash instead
// of a slash, or followed by a character that ends a path or a C string. Some systems ignore white space around it. The
// pairs \xc0\xae, \xc0\xaf and \xc1\x9c are overlong two-byte forms of `.`, `/` and `\`, which are not valid UTF-8, but
// some software accepts them.
const SLASH = '[/\\\\]|\\xc0\\xaf|\\xc1\\x9c'
const SPACES = '[\\p{Cc} ]*'
const DOT_SEGMENT = new RegExp(
  `(?:^|${SLASH})${SPACES}(?:\\.|\\xc0\\xae){1,2}${SPACES}(?:${SLASH}|[;?#\\p{Cc}]|$)`,
  'u',
)
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/

/**
 * Whether the path of a URI has a `.` or `..` segment in any spelling, even percent-encoded several times. A query or
 * fragment may contain such segments, because no software resolves them there.
 */
export function hasDotSegment(uri: string): boolean {
  const [path = ''] = uri.split(/[?#]/, 1)
  // Most paths have neither character, and need no further check.
  return /[.%]/.test(path) && DOT_SEGMENT.test(percentDecoded(path.replace(SCHEME, '')))
}

/** Decodes percent-encoding, also if it is nested (`%252e`), in time linear in the length. */
function percentDecoded(text: string): string {
  if (!text.includes('%')) return text
  const characters: string[] = []
  for (const character of text) {
    characters.push(character)
    // A decoded character may complete another encoding.
    while (characters.at(-3) === '%') {
      const hex = characters.slice(-2).join('')
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) break
      characters.splice(-3, 3, String.fromCharCode(Number.parseInt(hex, 16)))
    }
  }
  return characters.join('')
}

/**
 * Reads the resources that a function of a request returned: at least one, because an empty list would check nothing.
 * The texts may come from the request, so a text that is not a URI is accepted here, but no capability covers it.
 */
export const givenResources: ReadValue<readonly string[]> = (value, name) => {
  const form = 'a list of URIs: ["https://api.example.com/notes/1"]'
  const list = textsOption(form)(value, name)
  if (list.length > 0) return list
  throw new TypeError(`${name} is empty, and would check nothing: it must be ${form}`)
}

/** Reads an option that lists required resources: at least one, and each must be a resource (`isResource`). */
export const resourcesOption: ReadValue<readonly string[]> = (value, name) => {
  const list = givenResources(value, name)
  const odd = list.find((resource) => !isResource(resource))
  if (odd !== undefined)
    throw new TypeError(
      `${name} contains ${JSON.stringify(odd)}: use a URI such as https://api.example.com/notes/1, without . and .. segments`,
    )
  return list
}

/** Conditions under which an ability is granted. The receiver must know and enforce them; `{}` means no conditions. */
export type Caveats = Readonly<Record<string, unknown>>

/**
 * The abilities of a ReCap (ERC-5573): for the URI of each resource, the names of the abilities, such as `notes/read`,
 * each with a list of caveats, at least one of which must be met.
 *
 * @example
 * const abilities = { 'https://api.example.com/notes': { 'notes/read': [{}], 'notes/write': [{}] } }
 */
export type Abilities = Readonly<Record<string, Readonly<Record<string, readonly Caveats[]>>>>

/** One ability for one resource. */
export interface Ability {
  /** The name, such as `notes/write`. */
  readonly ability: string
  /** The URI of the resource. */
  readonly resource: string
}

/**
 * Whether the abilities include the wanted ability without caveats, for the same resource or a resource that covers it.
 * The receiver must check caveats itself: `abilitiesOf` returns them.
 */
export function allows(abilities: Abilities, { ability, resource }: Ability): boolean {
  const granted = Object.entries(abilities).filter(
    ([, names]) =>
      Object.hasOwn(names, ability) &&
      names[ability]?.some((caveats) => Object.keys(caveats).length === 0) === true,
  )
  const resources = granted.map(([uri]) => uri)
  return missingResources(resources, [resource]).length === 0
}

/**
 * `allows` for a ReCap URI in a stored session, which was checked when it was granted. Names and URIs are ASCII, so
 * UTF-8 need not be decoded. `false` if the text is not a ReCap.
 */
export function recapAllows(recap: string, wanted: Ability): boolean {
  try {
    const text = atob(recap.slice(RECAP.length).replace(/-/g, '+').replace(/_/g, '/'))
    return allows(JSON.parse(text).att, wanted)
  } catch {
    return false
  }
}
