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
