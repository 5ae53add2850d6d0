// Characters that are invisible, or that change the order in which other characters are displayed, so that a text with
// them reads differently than it looks. They are listed here, because engines have different versions of the Unicode
// properties.
const HIDDEN =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\u{1bca0}-\u{1bca3}\u{1d159}\u{1d173}-\u{1d17a}\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]|\u034f|\u17b4|\u17b5|[\u180b-\u180f]/u
// Joiners are needed to write Persian, the scripts of India and emoji; variation selectors to write emoji and Chinese
// names. Next to characters on which they have no effect, they count as hidden.
const JOINER = /[\u200c\u200d]/
const JOINED =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}]|(?![\u0300-\u036f])\p{M}/u
const JOINED_TO = /[\p{L}\p{M}\p{Extended_Pictographic}]/u
const SELECTOR = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/u
const SELECTED = /[\p{Emoji}\p{Script=Han}]/u

/**
 * The first hidden character of a text and its position, counted in characters from 1; `undefined` if there is none.
 */
export function hiddenCharacter(text: string): { character: string; position: number } | undefined {
  let first: { character: string; position: number } | undefined
  withoutHidden(text, (character, position) => {
    first ??= { character, position }
    return ''
  })
  return first
}

/**
 * The text with each hidden character replaced by what `replace` returns for the character and its position, counted
 * from 1.
 */
export function withoutHidden(
  text: string,
  replace: (character: string, position: number) => string,
): string {
  // Most texts have no such character, so their characters need not be checked one by one.
  if (![HIDDEN, JOINER, SELECTOR].some((pattern) => pattern.test(text))) return text
  return Array.from(text)
    .map((character, i, all) =>
      isHidden(character, all[i - 1], all[i + 1]) ? replace(character, i + 1) : character,
    )
    .join('')
}

function isHidden(character: string, before = '', after = ''): boolean {
  if (JOINER.test(character)) return !JOINED.test(before) || !JOINED_TO.test(after)
  // After a digit, a variation selector has an effect only in a keycap emoji.
  if (SELECTOR.test(character)) return !SELECTED.test(before) || (before < '\x7f' && after !== '\u20e3')
  return HIDDEN.test(character)
}

/** The name of a character's code point, such as `U+202E`. */
export function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
