/** Changes a sign-in text; `other` is another such text, `at` and `by` are any numbers. */
type TextMutation = (text: string, other: string, at: number, by: number) => string

const BREAKS = ['\r\n', '\r', '\n\n', '\u2028', '\u0085', '\v', ' ', '']
const CHARACTERS = [...'aZ09 :/-#[]@%"<\\^{|\n\t\u0000é🦀\ufeff\u202e', '\ud800', '%4', '0x', '- ', '://']
const LINES = [
  '',
  ' ',
  'URI: a:',
  'Version: 1',
  'Chain ID: 1',
  'Expiration Time: 2024-06-01T12:00:00Z',
  'Not Before: 2024-06-01T12:00:00Z',
  'Request ID: ',
  'Request ID: r',
  'Resources:',
  '- a:b',
  '-a:b',
]

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T

const inLines =
  (change: (lines: string[], i: number, other: string[], by: number) => void): TextMutation =>
  (text, other, at, by) => {
    const lines = text.split('\n')
    change(lines, at % lines.length, other.split('\n'), by)
    return lines.join('\n')
  }

const inCharacters =
  (change: (characters: string[], i: number, by: number) => void): TextMutation =>
  (text, _, at, by) => {
    const characters = [...text]
    change(characters, at % characters.length, by)
    return characters.join('')
  }

/** All mutations; each is applied at some position. */
export const TEXT_MUTATIONS: readonly TextMutation[] = [
  inLines((lines, i) => lines.splice(i, 1)),
  inLines((lines, i) => lines.splice(i, 0, lines[i] ?? '')),
  inLines((lines, i, _, by) => lines.splice(i, 0, pick(LINES, by))),
  inLines((lines, i, other, by) => lines.splice(i, 0, pick(other, by))),
  inLines((lines, i, other) => lines.splice(i, 1, other[i] ?? '')),
  inLines((lines, i, other) => lines.splice(i, lines.length, ...other.slice(i))),
  inLines((lines, i) => lines.splice(i, 2, ...lines.slice(i, i + 2).reverse())),
  inLines((lines, i, _, by) => lines.splice(i, 1, pick(lines, by))),
  inLines((lines, i) => lines.splice(i, 2, lines.slice(i, i + 2).join(''))),
  inLines((lines, i, _, by) => lines.splice(i, 2, lines.slice(i, i + 2).join(pick(BREAKS, by)))),
  inLines((lines, i) => lines.splice(i, 1, (lines[i] ?? '').toUpperCase())),
  inLines((lines, i) => lines.splice(i, 1, (lines[i] ?? '').toLowerCase())),
  inLines((lines) => lines.push('')),
  inLines((lines, _i, _other, by) => lines.push(pick(LINES, by))),
  inCharacters((characters, i) => characters.splice(i, 1)),
  inCharacters((characters, i, by) => characters.splice(i, 0, pick(CHARACTERS, by))),
  inCharacters((characters, i, by) => characters.splice(i, 1, pick(CHARACTERS, by))),
  inCharacters((characters, i) => characters.splice(i, 2, ...characters.slice(i, i + 2).reverse())),
  inCharacters((characters, i) => characters.splice(i)),
  (text) => `https://${text}`,
  (text) => `\ufeff${text}`,
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => text.normalize('NFKD'),
  (text, _, at) => text.replace(/^(Chain ID: )(\d*)/m, (_all, name, digits) => `${name}${digits}${at % 10}`),
  (text) => text.replace('Ethereum', 'Solana'),
]
