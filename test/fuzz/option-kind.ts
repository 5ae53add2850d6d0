import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { oddValue } from './odd-values.js'
import { OPTION_CASES, type OptionCase } from './option-cases.js'
import type { Random } from './random.js'

// A malformed option must never act as a missing one: an input that must be refused is accepted only with a value whose check
// really accepts it.

const RIGHTLY = 'rightly accepted'

type Mutation = (
  optionCase: OptionCase,
  random: Random,
) => { options: object; value?: unknown; isGone?: boolean }

const withValue =
  (make: (refusing: unknown, random: Random) => unknown): Mutation =>
  ({ others, option, refusing }, random) => {
    const value = make(refusing, random)
    return { options: { ...others, [option]: value }, value }
  }

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value])
class OwnArray extends Array<unknown> {}

/** The right value in a wrong form. */
const FORMS: readonly ((value: unknown, random: Random) => unknown)[] = [
  (value) => asList(value).join(','),
  (value) => asList(value)[0],
  (value) => new Set(asList(value)),
  (value) => new Map([[0, asList(value)[0]]]),
  (value) => ({ ...asList(value), length: 1 }),
  (value) => asList(value)[Symbol.iterator](),
  (value) => Promise.resolve(value),
  (value) => new Proxy(Object(value), {}),
  (value) => [asList(value)],
  (value) => new String(asList(value)[0]),
  (value) => Object.assign([], { length: asList(value).length }),
  (value) => Object.assign(OwnArray.from(asList(value)), { includes: () => true, every: () => true }),
  (value) => () => value,
  (value) => JSON.stringify(value),
  (value) => Object.create(Object(value)),
  () => [],
  () => [undefined],
  () => '',
  () => ({}),
  () => null,
  () => undefined,
  () => Number.NaN,
  () => true,
  () => 0,
]

const misspelt = (name: string, random: Random): string => {
  const at = random.below(name.length)
  return random.pick([
    name.slice(0, at) + name.slice(at + 1),
    `${name}s`,
    name.toUpperCase(),
    ` ${name}`,
    name[0]?.toUpperCase() + name.slice(1),
    name.slice(0, at) + (name[at] ?? '') + name.slice(at),
  ])
}

const MUTATIONS: readonly Mutation[] = [
  ...Array<Mutation>(5).fill(withValue((refusing, random) => random.pick(FORMS)(refusing, random))),
  ...Array<Mutation>(4).fill(withValue((_, random) => oddValue(random))),
  ({ others, option, refusing }, random) => {
    const { [option]: __, ...left } = others
    return { options: { ...left, [misspelt(option, random)]: refusing }, isGone: true }
  },
  // Inherited from some kind of prototype.
  ({ others, option, refusing }, random) => {
    const { [option]: __, ...left } = others
    const parents = [{ [option]: refusing }, Object.assign(Object.create(null), { [option]: refusing })]
    return { options: Object.assign(Object.create(random.pick(parents)), left), isGone: true }
  },
  // With a getter that returns another value the second time.
  ({ others, option, refusing }, random) => {
    const odd = oddValue(random)
    let reads = 0
    const get = (): unknown => (reads++ === 0 ? refusing : odd)
    return { options: Object.defineProperty({ ...others }, option, { get, enumerable: true }), isGone: true }
  },
  ({ others, option }) => {
    const get = (): never => {
      throw new TypeError(`${option} can't be read`)
    }
    return { options: Object.defineProperty({ ...others }, option, { get, enumerable: true }), isGone: true }
  },
  ({ others, option, refusing }) => ({
    options: Object.defineProperty({ ...others }, option, { value: refusing, enumerable: false }),
    isGone: true,
  }),
  ({ others, option, refusing }) => ({
    options: new Proxy({ ...others, [option]: refusing }, {}),
    isGone: true,
  }),
  ({ others, option, refusing }) => ({
    options: Object.entries({ ...others, [option]: refusing }),
    isGone: true,
  }),
  ({ others, option, refusing }) => ({
    options: new Map(Object.entries({ ...others, [option]: refusing })),
    isGone: true,
  }),
]

function caseOf(optionCase: OptionCase, { options, value, isGone = false }: ReturnType<Mutation>): FuzzCase {
  const { of, option } = optionCase
  const run = async (): Promise<string> => {
    try {
      if (!(await optionCase.judge(options))) return RIGHTLY
    } catch (error) {
      // A misspelt name may be that of another option of the same function.
      const names = [option, ...(isGone ? Object.keys(options) : [])]
      const { message } = error as Error
      if (
        error instanceof TypeError &&
        !/option/.test(message) &&
        !names.some((name) => message.includes(name))
      )
        return `a TypeError that doesn't name the ${option} of ${of}: ${message}`
      throw error
    }
    const isRight = value === undefined ? optionCase.isSetting === true : await optionCase.accepts(value)
    return !isGone && isRight ? RIGHTLY : `${of} with this ${option}`
  }
  return { input: { of, option, ...(isGone ? { options } : { value }) }, run }
}

export const checkOptions: FuzzKind = {
  name: 'options',
  genuine: new Set([RIGHTLY]),
  isRefusal: (error) => error instanceof TypeError,
  /** Unchanged, each option refuses the input, which is accepted without the option. */
  control(random) {
    const optionCase = random.pick(OPTION_CASES)
    const { others, option, refusing, of } = optionCase
    const run = async (): Promise<string> => {
      const isRefused = await optionCase.judge({ ...others, [option]: refusing }).then(
        (ok) => !ok,
        () => true,
      )
      return isRefused ? RIGHTLY : `${of} with the ${option} by which it must be refused`
    }
    return { input: { of, option, refusing }, run }
  },
  mutated(random) {
    const optionCase = random.pick(OPTION_CASES)
    return caseOf(optionCase, random.pick(MUTATIONS)(optionCase, random))
  },
}
