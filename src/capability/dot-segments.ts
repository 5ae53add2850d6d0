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
