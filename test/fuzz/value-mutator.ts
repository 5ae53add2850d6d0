import { fromHex } from '../../src/base/hex.js'
import { copyOf, isPlain } from './copy.js'
import { hostile } from './hostile.js'
import { oddValue } from './odd-values.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'

type Holder = Record<string, unknown>

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'then',
  'length',
  '',
  'P',
  'S',
  'issuer',
  '/',
]

// An own member, even with the name __proto__.
function define(holder: Holder, name: string, value: unknown): void {
  Object.defineProperty(holder, name, { value, enumerable: true, configurable: true, writable: true })
}

/** A position in the value: an object or array in it, and the name of one of its members. */
function place(root: Holder, random: Random): { holder: Holder; name: string; path: string[] } {
  let [holder, path]: [Holder, string[]] = [root, []]
  for (;;) {
    const name = random.pick(Object.keys(holder)) ?? ''
    const member = holder[name]
    path = [...path, name]
    if (!isPlain(member) || Object.keys(member).length === 0 || random.oneIn(5)) return { holder, name, path }
    holder = member
  }
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? (value as Holder)[name] : undefined),
    root,
  )
}

function wrapped(value: unknown, random: Random): unknown {
  return random.pick([
    [value],
    { value },
    { toString: () => value },
    Object(value) as unknown,
    { 0: value, length: 1 },
    String(typeof value === 'string' ? value : ''),
    typeof value === 'string'
      ? (fromHex(value.replace(/^0x/, '')) ?? new TextEncoder().encode(value))
      : value,
  ])
}

type Change = (holder: Holder, name: string, random: Random, other: unknown) => void

const asText = (value: unknown): string => (typeof value === 'string' ? value : '')

const CHANGES: readonly Change[] = [
  (holder, name, random) => define(holder, name, oddValue(random)),
  (holder, name, _, other) => define(holder, name, other),
  (holder, name) => {
    delete holder[name]
  },
  (holder, name, random) => {
    const value = holder[name]
    delete holder[name]
    define(holder, mutateText(name, random, random.pick(NAMES)), value)
  },
  (holder, name, random) =>
    define(holder, random.pick(NAMES), random.oneIn(2) ? holder[name] : oddValue(random)),
  (holder, name, random) => define(holder, name, wrapped(holder[name], random)),
  (holder, name, random) => {
    if (Array.isArray(holder)) holder.splice(Number(name), 1, ...random.shuffled([...holder]))
    else Object.setPrototypeOf(holder, random.pick([null, { ...holder }, Array.prototype, Map.prototype]))
  },
  (holder, name, random, other) => {
    const value = holder[name]
    const isObject = typeof value === 'object' && value !== null
    const forged = typeof other === 'object' && other !== null ? other : {}
    define(holder, name, isObject ? hostile(value, forged, random) : oddValue(random))
  },
  ...Array<Change>(4).fill((holder, name, random, other) => {
    const value = holder[name]
    define(holder, name, typeof value === 'string' ? mutateText(value, random, asText(other)) : other)
  }),
]

/**
 * A copy of an object with one to three changes: members renamed, removed, added, replaced, wrapped, given another type, taken
 * from the other object, or changed as text.
 */
export function mutateValue(value: unknown, random: Random, other: unknown): unknown {
  const root = { root: copyOf(value) }
  const steps = 1 + random.below(random.oneIn(3) ? 3 : 1)
  for (let i = 0; i < steps; i++) {
    // A hostile member may throw when it is read; then it is kept.
    try {
      const { holder, name, path } = place(root, random)
      random.pick(CHANGES)(holder, name, random, copyOf(valueAt({ root: other }, path)))
    } catch {}
  }
  return root.root
}
