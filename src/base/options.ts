// Options are read once, and strictly: a name that nobody knows, or a check that is named but undefined (an environment
// variable that isn't set), is an error. Passed over, it would be a check that its writer believes in and nobody makes.

/** Reads the value of one option. Throws a `TypeError`, made by `wrong`, that names the option and shows its right form. */
export type ReadValue<T> = (value: unknown, name: string) => T

/** How one option is read, and what its absence means. */
export interface OptionReader<T> {
  readonly read: ReadValue<T>
  /** What it means that an option is left out, or named with the value `undefined`. */
  readonly absence: 'refused' | 'left out' | 'left out unless named'
}

/** A table of readers, by the options' names. */
export type OptionReaders<T> = { readonly [K in keyof T]-?: OptionReader<T[K]> }

/** An option without which nothing can be done. */
export function required<T>(read: ReadValue<T>): OptionReader<T> {
  return { read, absence: 'refused' }
}

/** An option that asks for a check: it may be left out, but once it is named, it must have a value. */
export function check<T>(read: ReadValue<T>): OptionReader<T | undefined> {
  return { read, absence: 'left out unless named' }
}

/** An option that checks nothing, with which `undefined` is the same as leaving it out. */
export function setting<T>(read: ReadValue<T>): OptionReader<T | undefined> {
  return { read, absence: 'left out' }
}

/**
 * The options of a function, each looked at once. Throws a `TypeError` for what is no plain object, for a name that is not in
 * the table, and for what a reader refuses.
 */
export function readOptions<T extends object>(options: unknown, readers: OptionReaders<T>): T {
  if (!isPlainObject(options)) throw new TypeError('options must be a plain object: { … }')
  for (const name of Object.getOwnPropertyNames(options)) {
    if (Object.hasOwn(readers, name)) continue
    const known = Object.keys(readers).join(', ')
    throw new TypeError(`there is no option ${JSON.stringify(name)} here; there are ${known}`)
  }
  const table: Readonly<Record<string, OptionReader<unknown>>> = readers
  const values = Object.entries(table).map(([name, { read, absence }]) => {
    const isNamed = Object.hasOwn(options, name)
    const value = isNamed ? options[name] : undefined
    if (value !== undefined || absence === 'refused') return [name, read(value, name)]
    if (!isNamed || absence === 'left out') return [name, undefined]
    throw new TypeError(`${name} is undefined: leave it out on purpose, or give it a value`)
  })
  return Object.fromEntries(values) as T
}

/**
 * A copy of options that are to be read later, with all that they have: also what is not enumerable, which `{ ...options }` would
 * leave out, and so a check. Throws a `TypeError` for what is no plain object.
 */
export function copiedOptions(options: unknown): Readonly<Record<string, unknown>> {
  if (!isPlainObject(options)) throw new TypeError('options must be a plain object: { … }')
  return Object.fromEntries(Object.getOwnPropertyNames(options).map((name) => [name, options[name]]))
}

/** The error for a wrong option, with the form that it should have: `wrong('domains', 'a list: ["app.example.com"]')`. */
export function wrong(name: string, form: string): TypeError {
  return new TypeError(`${name} must be ${form}`)
}

/** Any function; `form` says what it is to do. */
export function functionOption<T>(form: string): ReadValue<T> {
  return (value, name) => {
    if (typeof value !== 'function') throw wrong(name, form)
    return value as T
  }
}

/** A number of seconds, of which there can't be fewer than none. */
export const secondsOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value
  throw wrong(name, 'a number of seconds, finite and not negative')
}

/** A list of non-empty texts, which is copied. */
export function textsOption(form: string): ReadValue<readonly string[]> {
  return (value, name) => {
    const list: unknown[] = Array.isArray(value) ? [...value] : [undefined]
    if (list.every((item) => typeof item === 'string' && item !== '')) return list as string[]
    throw wrong(name, form)
  }
}

/**
 * Whether it is an object with no other prototype than `Object.prototype`, of whichever realm (an iframe's too). From any other
 * it could inherit options, which nobody would look at.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}
