type Method = (this: unknown, ...args: unknown[]) => unknown

/** The built-in methods that iterate over strings and collections, and the number of steps of a call. */
const COUNTED: readonly (readonly [prototype: object, names: readonly string[], cost: 'one' | 'length'])[] = [
  [
    String.prototype,
    ['startsWith', 'endsWith', 'includes', 'indexOf', 'slice', 'split', 'localeCompare', 'replace'],
    'one',
  ],
  [RegExp.prototype, ['exec', 'test'], 'one'],
  [Map.prototype, ['get', 'has', 'set'], 'one'],
  [Set.prototype, ['has', 'add'], 'one'],
  [
    Array.prototype,
    ['some', 'every', 'find', 'findIndex', 'filter', 'map', 'includes', 'indexOf', 'flatMap'],
    'length',
  ],
]

/** The number of steps of synchronous work: a measure of its cost that is the same on every machine, however busy. */
export function countSteps(work: () => unknown): number {
  let steps = 0
  const undo: (() => void)[] = []
  for (const [prototype, names, cost] of COUNTED)
    for (const name of names) {
      const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor
      const original = descriptor.value as Method
      const value: Method = function (...args) {
        steps += cost === 'one' ? 1 : Math.max(1, (this as unknown[]).length)
        return Reflect.apply(original, this, args)
      }
      Object.defineProperty(prototype, name, { ...descriptor, value })
      undo.push(() => Object.defineProperty(prototype, name, descriptor))
    }
  try {
    work()
  } finally {
    for (const putBack of undo) putBack()
  }
  return steps
}
