import type { Random } from './random.js'

const URL_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

type Spelling = (text: string, random: Random) => string

// The last character of a segment may have bits that are not decoded.
const otherLast: Spelling = (text, random) => {
  const value = URL_ALPHABET.indexOf(text.slice(-1))
  return text.slice(0, -1) + URL_ALPHABET.charAt(value ^ (1 + random.below(15)))
}

const SPELLINGS: readonly Spelling[] = [
  otherLast,
  (text) => `${text}=`,
  (text) => `${text}==`,
  (text) => text.padEnd(Math.ceil(text.length / 4) * 4, '='),
  (text) => text.replaceAll('-', '+').replaceAll('_', '/'),
  (text) => text.replace(/(.{64})/, '$1\r\n'),
  (text) => `${text}A`,
  (text) => `${text}AA`,
  (text) => text.slice(0, -1),
  (text) => text.replace(/[a-zA-Z0-9]/, (character) => `%${character.charCodeAt(0).toString(16)}`),
  (text, random) => {
    const i = random.below(text.length)
    return `${text.slice(0, i)}${random.pick([' ', '\n', '.', '=', '\0', '\ufeff'])}${text.slice(i)}`
  },
]

/** Another string that a lenient decoder would decode to the same bytes, or similar ones. */
export function respellBase64(text: string, random: Random): string {
  return random.pick(SPELLINGS)(text, random)
}
