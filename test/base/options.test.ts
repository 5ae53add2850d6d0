import { describe, expect, it } from 'vitest'
import {
  check,
  functionOption,
  quantityOption,
  readOptions,
  required,
  setting,
  textsOption,
} from '../../src/base/options.js'
import { failureOf } from '../setup/expect-code.js'

const read = (options: unknown) =>
  readOptions(options, {
    sites: required(textsOption('a list of sites')),
    isRevoked: check(functionOption<() => boolean>('a function')),
    waitSecs: setting(quantityOption),
  })
const sites = ['a.example']
const complaintOf = async (options: unknown): Promise<string> => {
  const error = await failureOf(() => read(options))
  expect(error).toBeInstanceOf(TypeError)
  return (error as TypeError).message
}

describe('options', () => {
  it('are read by name, each once', () => {
    const seen: string[] = []
    const isRevoked = (): boolean => false
    const options = Object.defineProperties(
      {},
      Object.fromEntries(
        Object.entries({ sites, isRevoked, waitSecs: 3 }).map(([name, value]) => [
          name,
          {
            enumerable: true,
            get() {
              seen.push(name)
              return value
            },
          },
        ]),
      ),
    )
    expect(read(options)).toEqual({ sites, isRevoked, waitSecs: 3 })
    expect(seen).toEqual(['sites', 'isRevoked', 'waitSecs'])
  })

  it('may be left out if they are not required', () => {
    expect(read({ sites })).toEqual({ sites, isRevoked: undefined, waitSecs: undefined })
    expect(read({ sites, waitSecs: undefined }).waitSecs).toBeUndefined()
  })

  it('are copied: a list changed later has no effect', () => {
    const mine = [...sites]
    const { sites: kept } = read({ sites: mine })
    mine.push('b.example')
    expect(kept).toEqual(sites)
  })

  it.each<[string, unknown, string]>([
    ['a misspelt name', { sites, isrevoked: () => false }, 'no option "isrevoked"'],
    ['a check that is named but undefined', { sites, isRevoked: undefined }, 'isRevoked is undefined'],
    ['a required one that is named but undefined', { sites: undefined }, 'sites must be a list of sites'],
    ['a required one that is left out', {}, 'sites must be a list of sites'],
    ['a text where a list belongs', { sites: 'a.example' }, 'sites must be a list of sites'],
    ['a Set where a list belongs', { sites: new Set(sites) }, 'sites must be a list of sites'],
    ['null', { sites, isRevoked: null }, 'isRevoked must be a function'],
    ['a list with a hole', { sites: new Array(2) }, 'sites must be a list of sites'],
    ['a list with an empty text', { sites: [''] }, 'sites must be a list of sites'],
    ['a number in words', { sites, waitSecs: '3' }, 'waitSecs must be a finite number'],
    ['no number', { sites, waitSecs: Number.NaN }, 'waitSecs must be a finite number'],
    ['options that are none', undefined, 'options must be a plain object'],
    ['a list of options', [{ sites }], 'options must be a plain object'],
    ['options that are inherited', Object.create({ sites }), 'options must be a plain object'],
    [
      'options of a class',
      new (class {
        sites = sites
      })(),
      'options must be a plain object',
    ],
  ])('are refused: %s', async (_, options, words) => {
    expect(await complaintOf(options)).toContain(words)
  })

  it('may come from another realm', () => {
    const members = Object.getOwnPropertyDescriptors(Object.prototype)
    const ofAnotherRealm: object = Object.create(Object.create(null, members))
    expect(read(Object.assign(ofAnotherRealm, { sites })).sites).toEqual(sites)
  })

  it('are not inherited', async () => {
    const parent: object = Object.assign(Object.create(null) as object, { sites })
    expect(await complaintOf(Object.create(parent))).toContain('must be a plain object')
    expect(await complaintOf(Object.create({ sites }))).toContain('must be a plain object')
  })

  it('are not read from a polluted prototype', async () => {
    Object.defineProperty(Object.prototype, 'sites', { value: sites, configurable: true })
    try {
      expect(await complaintOf({})).toContain('sites must be')
    } finally {
      Reflect.deleteProperty(Object.prototype, 'sites')
    }
  })
})
