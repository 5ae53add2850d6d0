import { withoutHidden } from '../base/hidden-characters.js'

// What a wallet says of itself in a page is its own claim, and any script there can make one. What reaches the app is a text or an
// image that can be shown as it is.

const MOST_CHARACTERS = 64
const MOST_ICON_LENGTH = 500_000
const RDNS = /^[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,9}$/
const UUID = /^[A-Za-z0-9-]{1,64}$/
const IMAGE = /^data:image\/[A-Za-z0-9.+-]+[;,]/

/**
 * A wallet's name on one line, without characters that hide or turn others, of 64 characters at most; `undefined` if nothing of it
 * is left.
 */
export function walletName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  // Cut twice, for what is left out may be long.
  const shown = withoutHidden(name.slice(0, 10 * MOST_CHARACTERS), (character) =>
    /\s/.test(character) ? ' ' : '',
  )
  const characters = Array.from(shown.replace(/\s+/g, ' ').trim())
  return characters.slice(0, MOST_CHARACTERS).join('').trim() || undefined
}

/** A wallet's reverse domain name; empty for anything else. */
export function walletRdns(rdns: string): string {
  return RDNS.test(rdns) ? rdns : ''
}

/** Whether a text can be what a wallet is known by in a page. */
export function isWalletUUID(uuid: unknown): uuid is string {
  return typeof uuid === 'string' && UUID.test(uuid)
}

/**
 * A wallet's icon for an `<img>`, or nothing: only images may reach the page, as any other URL could load from elsewhere, or run.
 * What could end an attribute, or a `url()` of a style sheet, is percent-encoded.
 */
export function walletIcon(icon: unknown): string {
  if (typeof icon !== 'string' || icon.length > MOST_ICON_LENGTH || !IMAGE.test(icon)) return ''
  return icon.replace(/[^!#-&*-;=?-[\]-_a-~]/gu, percentEncoded)
}

function percentEncoded(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  // Half of a character, which nothing encodes.
  return /\p{Cs}/u.test(character) ? '' : encodeURIComponent(character)
}
