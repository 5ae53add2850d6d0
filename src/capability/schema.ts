import { isBytes } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { codePointName, hiddenCharacter } from '../base/hidden-characters.js'
import { isPlainObject } from '../base/options.js'

// The parts of the guard `parseCacao`. Each reads one value and returns a copy of it.

/** Returns a copy of a value that it accepts; throws `ERR_CAPABILITY_INVALID`, naming the path, for any other value. */
export type Schema<T> = (value: unknown, path: string) => T

// Characters of a text, or bytes.
const MAX_LENGTH = 16_384

/** A schema for a text that passes the test, of at most 16,384 characters; `form` says for the error message what it must be. */
export function textSchema<T extends string = string>(
  test: ((text: string) => text is T) | ((text: string) => boolean),
  form: string,
): Schema<T> {
  return (value, path) => {
    // The length comes first, because the tests take time for each character.
    if (typeof value !== 'string' || value.length > MAX_LENGTH) throw invalid(path, form)
    if (test(value)) return value as T
    const hidden = hiddenCharacter(value)
    const detail = hidden && `, and has ${codePointName(hidden.character)} at position ${hidden.position}`
    throw invalid(path, form + (detail ?? ''))
  }
}

/** The schema of bytes: at least 1, and at most 16,384. */
export const bytesSchema: Schema<Uint8Array<ArrayBuffer>> = (value, path) => {
  if (!isBytes(value) || value.length === 0 || value.length > MAX_LENGTH)
    throw invalid(path, 'a non-empty string or bytes')
  return new Uint8Array(value)
}

/**
 * Reads a plain object that has these members and no others, and returns a frozen copy. The members stay in the order in
 * which they came, because the strings of did-session depend on it.
 */
export function readObject<T extends object>(
  input: unknown,
  path: string,
  schemas: { readonly [K in keyof T]-?: Schema<NonNullable<T[K]>> },
  required: readonly (keyof T & string)[],
): T {
  if (!isPlainObject(input)) throw invalid(path, 'an object')
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(input)) {
    if (!Object.hasOwn(schemas, name))
      throw invalid(`${path}.${name.slice(0, 40)}`, 'absent: a CACAO has no such member')
    if (value === null) throw invalid(`${path}.${name}`, 'a value, not null')
    if (value !== undefined) copy[name] = schemas[name as keyof T](value, `${path}.${name}`)
  }
  for (const name of required) if (!Object.hasOwn(copy, name)) throw invalid(`${path}.${name}`, 'present')
  return Object.freeze(copy) as T
}

/** The error for a value that is not what it must be. */
export function invalid(path: string, form: string): SessionError {
  return new SessionError('ERR_CAPABILITY_INVALID', `malformed capability: ${path} must be ${form}`)
}

const RFC3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/

/**
 * The instant of an RFC 3339 date-time, in milliseconds since 1970; `undefined` for any other text. A leap second (`:60`) has
 * no instant in JavaScript and is refused.
 */
export function parseDateTime(text: string): number | undefined {
  const match = RFC3339.exec(text)
  if (!match) return undefined
  const [, date, time, fraction = '', sign, hours = 0, minutes = 0] = match
  const local = `${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`
  const instant = Date.parse(local)
  // `Date.parse` may read 31 February as 3 March.
  if (Number.isNaN(instant) || new Date(instant).toISOString() !== local) return undefined
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? instant + offset : instant - offset
}
