import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

// What a terminal would obey rather than show: control characters, and marks that turn the direction of a text.
const UNSHOWN = /[^\P{Cc}\n]|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
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
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  print(JSON.stringify(value, undefined, 2).replace(UNSHOWN, escaped))
}

/** A text from elsewhere, with what would act on a terminal replaced. */
export function shown(text: string): string {
  return text.replace(UNSHOWN, '\ufffd')
}

function withoutSecrets(text: string): string {
  return text.replace(SECRET, '…')
}

/** A text in colour if stdout is a terminal that wants colours (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
