import fc from 'fast-check'
import { SEED } from '../setup/seed.js'
import { copyOf } from './copy.js'
import type { Random } from './random.js'

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withObjectString: true,
  withTypedArray: true,
  withUnicodeString: true,
  maxDepth: 3,
})
const POOL: readonly unknown[] = [
  ...fc.sample(anything, { seed: SEED, numRuns: 2000 }),
  ...fc.sample(fc.jsonValue(), { seed: SEED, numRuns: 500 }),
]

const FEW: readonly unknown[] = [
  null,
  undefined,
  true,
  0,
  -0,
  1,
  Number.NaN,
  1e308,
  10n,
  '',
  '0x',
  '1',
  [],
  [''],
  [[]],
  {},
  Symbol('s'),
  () => 'x',
  new Uint8Array(65),
  new ArrayBuffer(65),
  { '/': 'bafyreia' },
  { '/': { bytes: 'AAAA' } },
  { toString: null, valueOf: null },
  { toString: () => 'eip191' },
  Object.create(null),
]

function nested(depth: number, isArray: boolean): unknown {
  let value: unknown = 'x'
  for (let i = 0; i < depth; i++) value = isArray ? [value] : { a: value }
  return value
}

/** A value that is wrong at its place. */
export function oddValue(random: Random): unknown {
  if (random.oneIn(60)) return nested(random.pick([10, 1000, 20_000]), random.oneIn(2))
  if (random.oneIn(60)) return Array<string>(random.pick([1000, 1001, 5000])).fill('a:')
  return copyOf(random.pick(random.oneIn(2) ? FEW : POOL))
}
