// Options are read once, and strictly: an unknown name, or the option of a check with the value `undefined` (such as an
// unset environment variable), is an error. If it were ignored, the check that the caller wants would never be made.

/**
 * Reads the value of one option. Throws a `TypeError`, made by `wrong`, that names the option and shows its right form.
 */
export type ReadValue<T> = (value: unknown, name: string) => T

/** How an option is read, and whether it may be absent. */
export interface OptionReader<T> {
  readonly read: ReadValue<T>
  /**
   * When the option may be absent: `never`; `unnamed`, only if the object has no member of this name; `undefined`, also
   * if the member has the value `undefined`.
   */
  readonly absence: 'never' | 'unnamed' | 'undefined'
}

/** A table of readers, by the names of the options. */
export type OptionReaders<T> = { readonly [K in keyof T]-?: OptionReader<T[K]> }

/** A table of readers for a type with optional members, such as the options of a public function. */
export type ReadersOf<T> = {
  readonly [K in keyof T]-?: OptionReader<object extends Pick<T, K> ? T[K] | undefined : T[K]>
}

/** An option that must be given. */
export function required<T>(read: ReadValue<T>): OptionReader<T> {
  return { read, absence: 'never' }
}

/** An option that turns a check on. It may be left out, but it must not be `undefined`. */
export function check<T>(read: ReadValue<T>): OptionReader<T | undefined> {
  return { read, absence: 'unnamed' }
}

/** An option that turns no check on. The value `undefined` is the same as leaving it out. */
export function setting<T>(read: ReadValue<T>): OptionReader<T | undefined> {
  return { read, absence: 'undefined' }
}

/** Reads `true` or `false`. */
export const booleanOption: ReadValue<boolean> = (value, name) => {
  if (typeof value === 'boolean') return value
  throw wrong(name, 'true or false')
}

/**
 * Reads the options of a function, each of them once. Options that the caller left out are absent from the result.
 * Throws a `TypeError` if `options` is not a plain object, if a name is not in the table, if a required option is
 * absent, or if a reader refuses a value.
 */
export function readOptions<T extends object>(options: unknown, readers: OptionReaders<T> | ReadersOf<T>): T {
  const given = copiedOptions(options)
  const table = readers as OptionReaders<Record<string, unknown>>
  assertNames(given, table)
  const values: Record<string, unknown> = {}
  for (const name in table) {
    const { read, absence } = table[name] as OptionReader<unknown>
    const value = given[name]
    if (value !== undefined || absence === 'never') values[name] = read(value, name)
    else if (absence === 'unnamed' && name in given)
      throw new TypeError(`${name} is undefined: leave it out, or give it a value`)
  }
  return values as T
}

/** Throws a `TypeError` for an option whose name is not in the table, because it would be ignored. */
export function assertNames(given: object, table: object): void {
  for (const name in given)
    if (!Object.hasOwn(table, name))
      throw new TypeError(`there is no option "${name}" here; there are ${Object.keys(table).join(', ')}`)
}

/**
 * Copies the options with all of their own members, including those that are not enumerable: `{ ...options }` would
 * lose them, and with them perhaps a check. The copy inherits nothing. Throws a `TypeError` if `options` is not a plain
 * object.
 */
export function copiedOptions(options: unknown): Readonly<Record<string, unknown>> {
  if (!isPlainObject(options)) throw new TypeError('options must be a plain object: { … }')
  const copy: Record<string, unknown> = Object.create(null)
  for (const name of Object.getOwnPropertyNames(options)) copy[name] = options[name]
  return copy
}

/**
 * The error for a wrong option, with the form that it should have: `wrong('domains', 'a list: ["app.example.com"]')`.
 */
export function wrong(name: string, form: string): TypeError {
  return new TypeError(`${name} must be ${form}`)
}

/** Reads a function; `form` describes it for the error message. */
export function functionOption<T>(form: string): ReadValue<T> {
  return (value, name) => {
    if (typeof value !== 'function') throw wrong(name, form)
    return value as T
  }
}

/** Reads a quantity, in the unit with which the option's name ends, such as `Secs`. */
export const quantityOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value
  throw wrong(name, 'a finite number that is not negative')
}

/** Reads an `AbortSignal`, which may come from another realm, such as an iframe. */
export const signalOption: ReadValue<AbortSignal> = (value, name) => {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  if (typeof aborted === 'boolean' && typeof addEventListener === 'function') return value as AbortSignal
  throw wrong(name, 'an AbortSignal')
}

/** Reads a count or limit: a whole number of at least 1. */
export const countOption: ReadValue<number> = (value, name) => {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number
  throw wrong(name, 'a positive whole number')
}

/** Reads a text that is not empty; `form` describes it for the error message. */
export function textOption(form: string): ReadValue<string> {
  return (value, name) => {
    if (isText(value)) return value
    throw wrong(name, form)
  }
}

/** Reads a list of non-empty texts, and returns a copy; `form` describes the list for the error message. */
export function textsOption(form: string): ReadValue<string[]> {
  return (value, name) => {
    const list: unknown[] = Array.isArray(value) ? [...value] : [undefined]
    if (list.every(isText)) return list
    throw wrong(name, form)
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * Whether the value is an object whose prototype is `null` or `Object.prototype`, which may be that of another realm,
 * such as an iframe. An object with another prototype could inherit options, which `readOptions` would not see.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}

const SECRET_BYTES = 32

/**
 * Whether the value can be a secret: at least 32 bytes that are not all the same, as in an array that was never filled.
 */
export function isSecret(value: unknown): value is Uint8Array {
  return isBytes(value) && value.length >= SECRET_BYTES && value.some((byte) => byte !== value[0])
}

/** Whether the value is a `Uint8Array`, which may come from another realm, such as an iframe. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]'
}
