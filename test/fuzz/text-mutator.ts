import type { Random } from './random.js'

type Mutation = (text: string, random: Random, other: string) => string

const CHARACTERS = [
  ...'\0\n\r\t "\\{}[]:,.=-_+/%#?@<>09aAzZ',
  '\u2028',
  '\ufeff',
  '\u202e',
  '\ud800',
  '\udc00',
  '🦀',
]
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'а',
  e: 'е',
  o: 'о',
  p: 'р',
  c: 'с',
  x: 'х',
  i: 'і',
  s: 'ѕ',
  l: 'ⅼ',
  k: 'K',
  K: 'K',
  A: 'Α',
  B: 'В',
  '0': '０',
  '1': '１',
  ':': '：',
  '/': '／',
  '.': '․',
  '-': '‐',
  ' ': '\u00a0',
}
const ALIKE = new RegExp(`[${Object.keys(LOOKALIKES).join('').replace('-', '\\-')}]`)
// Lengths around the limits of the guard, of a session string and of a JWS, and far beyond them.
const LENGTHS = [100, 4000, 16_383, 16_384, 16_385, 70_000]
const LONGEST = [199_999, 200_000, 200_001, 399_999, 400_000, 400_001, 3_000_000]

const at = (text: string, random: Random): number => random.below(text.length)
const replaced = (text: string, i: number, count: number, by: string): string =>
  text.slice(0, i) + by + text.slice(i + count)

const span = (text: string, random: Random): [number, string] => {
  const i = at(text, random)
  return [i, text.slice(i, i + 1 + random.below(random.oneIn(3) ? 64 : 4))]
}

/** Makes a text long by repeating a part of it. */
function lengthened(text: string, random: Random): string {
  const [i, part] = span(text || 'a', random)
  const length = random.pick(random.oneIn(12) ? LONGEST : LENGTHS)
  const repeated = part.repeat(Math.ceil(Math.max(0, length - text.length) / part.length))
  return replaced(text, i, 0, repeated.slice(0, Math.max(0, length - text.length)))
}

/** In place of a string in JSON, a deeply nested value, or one with very many members. */
function swollen(text: string, random: Random): string {
  const times = random.pick([10, 1000, 7000, 100_000, 230_000])
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"/":', '}'],
    ['{"p":', '}'],
    ['0,', ''],
    ['{},', ''],
  ])
  const middle = `${open.repeat(times)}"x"${close.repeat(times)}`
  const i = at(text, random)
  return text.slice(0, i) + text.slice(i).replace(/"[^"]*"(?=[,}])/, () => (close ? middle : `[${middle}]`))
}

const MUTATIONS: readonly Mutation[] = [
  (text, random) => {
    const i = at(text, random)
    return replaced(text, i, 1, String.fromCharCode((text.charCodeAt(i) || 0) ^ (1 << random.below(7))))
  },
  (text, random) => replaced(text, random.below(text.length + 1), 0, random.pick(CHARACTERS)),
  (text, random) => replaced(text, at(text, random), 1, random.pick(CHARACTERS)),
  (text, random) => {
    const [i, part] = span(text, random)
    return replaced(text, i, part.length, '')
  },
  (text, random) => {
    const [i, part] = span(text, random)
    return replaced(text, i, 0, part)
  },
  (text, random) => {
    const [i, part] = span(text, random)
    return replaced(text, i, part.length, [...part].reverse().join(''))
  },
  (text, random) => {
    const [i, part] = span(text, random)
    const lower = part.toLowerCase()
    return replaced(text, i, part.length, part === lower ? part.toUpperCase() : lower)
  },
  (text, random) => text.slice(0, at(text, random)),
  (text, random) => text.slice(at(text, random)),
  (text, random, other) => text.slice(0, at(text, random)) + other.slice(at(other, random)),
  (text, random, other) => {
    const i = at(text, random)
    return text.slice(0, i) + other.slice(i)
  },
  (text, random, other) => {
    const [i, part] = span(other, random)
    return replaced(text, i, part.length, part)
  },
  (text, random) => {
    const from = at(text, random)
    const i = from + text.slice(from).search(ALIKE)
    return i < from ? text : replaced(text, i, 1, LOOKALIKES[text.charAt(i)] ?? '')
  },
  (text, random) =>
    random.pick([text.toUpperCase(), text.toLowerCase(), ` ${text}`, `${text}\n`, `${text}=`]),
  (text, random) => random.pick([text.normalize('NFD'), text.normalize('NFKC'), text + text, '']),
  (text, random) => (random.oneIn(4) ? lengthened(text, random) : `${text}${random.pick(CHARACTERS)}`),
  (text, random) =>
    random.oneIn(4) ? swollen(text, random) : random.pick([`"${text}"`, `[${text}]`, `{${text}}`]),
]

/** The text with one change; it may use a part of the other text. */
export function mutateText(text: string, random: Random, other = ''): string {
  return random.pick(MUTATIONS)(text, random, other)
}
