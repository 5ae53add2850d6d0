// No valid capability is nested more deeply than this.
const MAX_DEPTH = 32

/**
 * The value as canonical JSON (JCS, RFC 8785): members sorted by the UTF-16 code units of their names, numbers and
 * strings as JavaScript writes them, no white space. `undefined` for a value that JSON can't represent, for text with
 * lone surrogates, and for more than 32 levels of nesting.
 */
export function canonicalJSON(value: unknown, depth: number = MAX_DEPTH): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : undefined
  if (typeof value === 'string') return /\p{Cs}/u.test(value) ? undefined : JSON.stringify(value)
  if (typeof value !== 'object' || depth === 0) return undefined
  const inner = (item: unknown): string | undefined => canonicalJSON(item, depth - 1)
  if (Array.isArray(value)) return join(value.map(inner), '[', ']')
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return join(
    members.map(([name, member]) => {
      const [key, text] = [inner(name), inner(member)]
      return key === undefined || text === undefined ? undefined : `${key}:${text}`
    }),
    '{',
    '}',
  )
}

function join(parts: readonly (string | undefined)[], start: string, end: string): string | undefined {
  return parts.includes(undefined) ? undefined : start + parts.join(',') + end
}
