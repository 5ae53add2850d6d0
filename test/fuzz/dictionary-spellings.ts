import type { Random } from './random.js'

type TextChange = (text: string, random: Random, other: string) => string

const SPELLINGS: readonly TextChange[] = [
  (text, _, other) => `${text}, ${other}`,
  (text) => `${text}, ${text}`,
  (text, _, other) => `${other.replace('cacao', 'sig1')}, ${text}`,
  (text) => text.replaceAll(' ', '  '),
  (text) => text.replaceAll(';', '; '),
  (text) => text.replaceAll('(', '( ').replaceAll(')', ' )'),
  (text) => text.replace('=', ' = '),
  (text) => text.replace('cacao=', 'CACAO='),
  (text) => `${text},`,
  (text) => `,${text}`,
  (text) => `${text};`,
  (text) => `${text} x`,
  (text) => text.slice(text.indexOf('=') + 1),
  (text) => text.replace(/;alg="[^"]*"/, ''),
]

/** A structured dictionary (RFC 8941) in another encoding, or with members of another one. */
export function respellDictionary(text: string, random: Random, other: string): string {
  return random.pick(SPELLINGS)(text, random, other)
}
