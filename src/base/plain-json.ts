/**
 * Parses JSON that an app can process safely. Throws a `SyntaxError` for malformed JSON, and as `assertPlainJSON` does.
 */
export function plainJSON(text: string, mostLevels: number): unknown {
  const value: unknown = JSON.parse(text)
  assertPlainJSON(value, mostLevels)
  return value
}

/**
 * Throws a `SyntaxError` unless an app can process this parsed JSON safely: for a member named `__proto__`, which would
 * replace the prototype of a copy, and for more levels of nesting, which could overflow the stack of a recursive
 * function.
 */
export function assertPlainJSON(value: unknown, mostLevels: number): void {
  if (!isNestedWithin(mostLevels, value))
    throw new SyntaxError(`it may have at most ${mostLevels} levels of nesting`)
  if (hasPrototypeMember(value)) throw new SyntaxError('no member may be named __proto__')
}

function isNestedWithin(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((member) => isNestedWithin(levels - 1, member))
}

function hasPrototypeMember(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasPrototypeMember)
}
