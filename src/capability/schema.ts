import { isBytes } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { codePointName, hiddenCharacter } from '../base/hidden-characters.js'
// What the guard is made of: checks of one value each, which copy what they accept.

/** Gives what it accepts as a copy of its own; throws `ERR_CAPABILITY_INVALID` naming the path for anything else. */
export type Check<T> = (value: unknown, path: string) => T

/** Characters in a text, or bytes, that are looked at. */
const MAX_LENGTH = 16_384

/** A text that passes the test. */
export function matching<T extends string = string>(
  test: ((text: string) => text is T) | ((text: string) => boolean),
  what: string,
): Check<T> {
  return (value, path) => {
    // The length is looked at first: what follows takes time for each character.
    if (typeof value !== 'string' || value.length > MAX_LENGTH) throw invalid(path, what)
    if (test(value)) return value as T
    const hidden = hiddenCharacter(value)
    const why = hidden && `, and has ${codePointName(hidden.character)} at position ${hidden.position}`
    throw invalid(path, what + (why ?? ''))
  }
}

export const bytes: Check<Uint8Array<ArrayBuffer>> = (value, path) => {
  if (!isBytes(value) || value.length === 0 || value.length > MAX_LENGTH)
    throw invalid(path, 'a non-empty string or bytes')
  return new Uint8Array(value)
}

/**
 * A plain object with these members and no others, frozen. The members are copied in the order in which they came,
 * because did-session's strings keep that order.
 */
export function members<T extends object>(
  input: unknown,
  path: string,
  checks: { readonly [K in keyof T]-?: Check<NonNullable<T[K]>> },
  required: readonly (keyof T & string)[],
): T {
  const prototype: unknown =
    typeof input === 'object' && input !== null ? Object.getPrototypeOf(input) : undefined
  // A plain object; of another realm too (an iframe, a worker), whose Object.prototype is another one.
  if (prototype === undefined || (prototype !== null && Object.getPrototypeOf(prototype) !== null)) {
    throw invalid(path, 'an object')
  }
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(input as object)) {
    if (!Object.hasOwn(checks, name))
      throw invalid(`${path}.${name.slice(0, 40)}`, 'absent: it is no member of a CACAO')
    if (value !== undefined) copy[name] = checks[name as keyof T](value, `${path}.${name}`)
  }
  for (const name of required) if (!Object.hasOwn(copy, name)) throw invalid(`${path}.${name}`, 'present')
  return Object.freeze(copy) as T
}

export function invalid(path: string, what: string): SessionError {
  return new SessionError('ERR_CAPABILITY_INVALID', `malformed capability: ${path} must be ${what}`)
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * The instant that an RFC 3339 date-time names, in milliseconds since 1970, or `undefined`.
 *
 * `Date.parse` is no judge: it reads much that is not RFC 3339, and takes 31 February for 3 March. A leap
 * second (`:60`) has no instant in JavaScript and is refused.
 */
export function parseDateTime(text: string): number | undefined {
  const match = RFC3339.exec(text)
  if (!match) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    return undefined
  date.setUTCHours(hour, minute, second, Number((match[7] ?? '').slice(0, 3).padEnd(3, '0')))
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000
  return date.getTime() - (match[8] === '-' ? -offset : offset)
}
