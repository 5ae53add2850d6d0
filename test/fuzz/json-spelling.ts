import type { Random } from './random.js'

// Deeper values are left out, to limit this recursion.
const MOST_LEVELS = 2000

/**
 * A JSON text of plain objects, arrays and strings, in one of its many forms: white space, escapes, members in another order or
 * repeated. The last one of repeated members counts.
 */
export function spellJSON(value: unknown, random: Random, oddity: number): string {
  const odd = (): boolean => random.oneIn(oddity)
  const space = (): string => (odd() ? random.pick([' ', '\n', '\t', '\r\n  ']) : '')
  const text = (raw: string): string => {
    const plain = JSON.stringify(raw)
    // A very long value is unusual enough, and its text would be even longer.
    if (raw.length > 1000 || !odd()) return plain
    return `"${[...raw].map((character) => (odd() ? escaped(character) : JSON.stringify(character).slice(1, -1))).join('')}"`
  }
  const write = (current: unknown, depth = 0): string => {
    if (depth > MOST_LEVELS) return 'null'
    const inner = (member: unknown): string => write(member, depth + 1)
    if (typeof current === 'string') return text(current)
    if (Array.isArray(current)) return `[${space()}${current.map(inner).join(`${space()},`)}]`
    if (typeof current !== 'object' || current === null || !isPlain(current)) return spellOther(current)
    const entries = Object.entries(current).filter(([, member]) => member !== undefined)
    const members = (odd() ? random.shuffled(entries) : entries).flatMap(([name, member]) => {
      const written = inner(member)
      const once = `${space()}${text(name)}${space()}:${space()}${written}`
      if (!odd()) return [once]
      const other = random.pick(['null', '1', '"x"', '{}', '[]', written.length > 1000 ? '0' : written])
      return random.shuffled([once, `${text(name)}:${other}`])
    })
    if (odd())
      members.push(`${text(random.pick(['__proto__', 'constructor', 'toString', '', '/']))}:${space()}{}`)
    return `{${members.join(',')}${space()}}`
  }
  return `${space()}${write(value)}${space()}`
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('')
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

// Values that JSON does not have, such as a bigint, or with their own toJSON, become something similar.
function spellOther(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch {
    return '"?"'
  }
}
