import { withoutHidden } from '../base/hidden-characters.js'

// Any script in a page can announce a wallet under any name. These functions turn what it announced into text and images
// that an app can safely show.

const MAX_NAME_LENGTH = 64
const MAX_ICON_LENGTH = 500_000
const RDNS = /^[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,9}$/
const UUID = /^[A-Za-z0-9-]{1,64}$/
const IMAGE = /^data:image\/[A-Za-z0-9.+-]+[;,]/

/**
 * Returns a wallet's name as one line of at most 64 characters, without characters that are invisible or
 * change the direction of text. Returns `undefined` if nothing is left.
 */
export function walletName(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  // Shorten the name first, because it may be very long; removing characters shortens it again.
  const shown = withoutHidden(name.slice(0, 10 * MAX_NAME_LENGTH), (character) =>
    /\s/.test(character) ? ' ' : '',
  )
  const characters = Array.from(shown.replace(/\s+/g, ' ').trim())
  return characters.slice(0, MAX_NAME_LENGTH).join('').trim() || undefined
}

/** Returns a wallet's reverse domain name, or an empty string if it is not one. */
export function walletRdns(rdns: string): string {
  return RDNS.test(rdns) ? rdns : ''
}

/** Whether the value can serve as the identifier of a wallet in this page. */
export function isWalletUUID(uuid: unknown): uuid is string {
  return typeof uuid === 'string' && UUID.test(uuid)
}

/**
 * Returns a wallet's icon as a `data:image/…` URL for an `<img>`, or an empty string: any other URL could
 * load something from another site, or run a script. Characters that could end an HTML attribute or a `url()`
 * in CSS are percent-encoded.
 */
export function walletIcon(icon: unknown): string {
  if (typeof icon !== 'string' || icon.length > MAX_ICON_LENGTH || !IMAGE.test(icon)) return ''
  return icon.replace(/[^!#-&*-;=?-[\]-_a-~]/gu, percentEncoded)
}

function percentEncoded(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return `%${code.toString(16).toUpperCase().padStart(2, '0')}`
  // A lone surrogate is not a character and cannot be encoded.
  return /\p{Cs}/u.test(character) ? '' : encodeURIComponent(character)
}
