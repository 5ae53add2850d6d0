import { styleText } from 'node:util'
import { withoutHidden } from '../base/hidden-characters.js'

type Style = Parameters<typeof styleText>[0]

// A private key or a seed in hex, Solana's array of numbers, a seed in base64, and the beginning of a session string.
const SECRET =
  /\b(?:0x)?[0-9a-f]{64}\b|\[\s*\d+(?:\s*,\s*\d+){15,}|(?<![\w+/])[\w+/-]{43}=|\beyJ[-\w.]{20,}/gi

/** Prints a line of what was asked for. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Tells the person something beside what was asked for. What looks like a secret key is never told. */
export function tell(text: string): void {
  process.stderr.write(`${shown(withoutSecrets(text))}\n`)
}

/** Prints a value as JSON. */
export function printJSON(value: unknown): void {
  const escaped = (character: string): string =>
    character === '\n' ? character : character.split('').map(escapedUnit).join('')
  print(withoutHidden(JSON.stringify(value, undefined, 2), escaped))
}

// As JSON has it, where a character beyond U+FFFF is two.
function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/**
 * A text from elsewhere, with what a terminal would obey rather than show (control characters, what turns the direction of a text),
 * and what it wouldn't show at all, as `\u{202e}`.
 */
export function shown(text: string): string {
  const escaped = (character: string): string => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  return withoutHidden(text, (character) => (character === '\n' ? character : escaped(character)))
}

function withoutSecrets(text: string): string {
  return text.replace(SECRET, '…')
}

/** A text in colour if stdout is a terminal that wants colours (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
