// Characters that a person doesn't see, or that change the order in which the others are seen: a text with them says something else
// than it shows. Listed rather than by their Unicode property, of which engines have other versions.

const HIDDEN =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]/u
// Persian, the scripts of India and emoji can't be written without joiners, and emoji and Chinese names not without variation
// selectors. Between letters that they do nothing to, they are hidden like the others.
const JOINER = /[\u200c\u200d]/
const JOINED =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}]|(?![\u0300-\u036f])\p{M}/u
const JOINED_TO = /[\p{L}\p{M}\p{Extended_Pictographic}]/u
const SELECTOR = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u
const SELECTED = /[\p{Emoji}\p{Script=Han}]/u

/** The first character of a text that is hidden, with its position among the characters, from 1; `undefined` if all are shown. */
export function hiddenCharacter(text: string): { character: string; position: number } | undefined {
  const characters = suspects(text)
  const at = characters.findIndex((_, i) => isHidden(characters, i))
  return at < 0 ? undefined : { character: characters[at] ?? '', position: at + 1 }
}

/** The text with something else in the place of each hidden character. */
export function withoutHidden(text: string, replace: (character: string) => string): string {
  const characters = suspects(text)
  if (characters.length === 0) return text
  return characters.map((character, i) => (isHidden(characters, i) ? replace(character) : character)).join('')
}

/** `U+202E` */
export function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

// None for most texts, of which nothing need be looked at one by one.
function suspects(text: string): string[] {
  return [HIDDEN, JOINER, SELECTOR].some((pattern) => pattern.test(text)) ? Array.from(text) : []
}

function isHidden(characters: readonly string[], at: number): boolean {
  const [before = '', character = '', after = ''] = [characters[at - 1], characters[at], characters[at + 1]]
  if (JOINER.test(character)) return !JOINED.test(before) || !JOINED_TO.test(after)
  // A digit is selected for a keycap only.
  if (SELECTOR.test(character)) return !SELECTED.test(before) || (before < '\x7f' && after !== '\u20e3')
  return HIDDEN.test(character)
}
