import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { canonicalJSON } from '../../src/capability/canonical-json.js'
import { abilityOption } from '../../src/capability/check-options.js'
import { fromRecap, includesAbilities, recapStatement, toRecap } from '../../src/capability/recap.js'
import {
  allows,
  covers,
  hasDotSegment,
  isURI,
  missingResources,
  recapAllows,
  resourcesOption,
} from '../../src/capability/resources.js'
import { signed } from '../setup/capability.js'
import { runs } from '../setup/seed.js'

const API = 'https://api.example.com'
/** Spellings of a path segment, and whether it leads out of the folder. */
const DOTS = [
  '..',
  '.',
  '%2e',
  '%2E%2e',
  '.%2e',
  '%252e%252E',
  '%25%32%65.',
  '%%32%65%2e',
  '..;',
  '..;x=y',
  '.;x',
  '%2e%2e%3bx',
  '..%00',
  '..%20',
  '%09..',
  '%c0%ae%C0%AE',
  'a%2f..',
  'a%5c..',
  'a%255C%252e%252e',
  'a%c0%af..%c1%9cb',
  '..%2fadmin',
  '..%5Cadmin',
  '..%3Fx',
]
/** Segments that resemble dot segments but are not, for any software. */
const NAMES = ['...', '.hidden', 'a..b', '..a', 'a.', '%2ehidden', 'a%2fb', '%252e%252ea', '100%25', 'b;x=..']

describe('a dot segment', () => {
  it.each(DOTS)('%s is never covered and covers nothing', (dots) => {
    for (const uri of [`${API}/notes/${dots}`, `${API}/notes/${dots}/admin`, `${API}/notes/${dots}?a=b`]) {
      expect(hasDotSegment(uri)).toBe(true)
      expect(covers(`${API}/notes/*`, uri)).toBe(false)
      expect(covers(uri, uri)).toBe(false)
      expect(covers(`${API}/notes/${dots}/*`, `${API}/notes/${dots}/x`)).toBe(false)
      expect(covers(`${API}/notes/${dots}/*`, `${API}/notes/x`)).toBe(false)
      expect(() => resourcesOption([uri], 'resources')).toThrow(TypeError)
      expect(() => abilityOption({ ability: 'a/b', resource: uri }, 'ability')).toThrow(TypeError)
    }
  })

  it.each(NAMES)('is not %s', (name) => {
    const uri = `${API}/notes/${name}`
    expect(hasDotSegment(uri)).toBe(false)
    expect(covers(`${API}/*`, uri)).toBe(true)
    expect(covers(uri, uri)).toBe(true)
    expect(resourcesOption([uri], 'resources')).toEqual([uri])
  })

  it('has no meaning in a query or a fragment', () => {
    for (const uri of [`${API}/a?b=/../c`, `${API}/a#/../c`])
      expect([hasDotSegment(uri), covers(`${API}/*`, uri)]).toEqual([false, true])
  })

  it('is recognized without a host too', () => {
    for (const uri of ['x:..', 'x:/..', 'x:a/../b', 'x://..', 'file:///%2e%2e'])
      expect(hasDotSegment(uri)).toBe(true)
  })

  it('in a foreign capability leaves it valid, but covers nothing', () => {
    const { resources = [] } = signed({ resources: [`${API}/a/../*`] }).p
    expect(resources).toHaveLength(1)
    expect(missingResources(resources, resources)).toEqual(resources)
  })

  it('is recognized wherever a browser or a proxy would resolve one', () => {
    const part = fc.constantFrom('a', '.', '%2e', '%2E', '/', ';', '%3b', '', 'b')
    let found = 0
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const uri = `${API}/${parts.join('')}`
        const { href } = new URL(uri)
        if (href === uri) return
        found++
        expect(hasDotSegment(uri)).toBe(true)
      }),
      runs(2000),
    )
    expect(found).toBeGreaterThan(runs(2000).numRuns / 20)
  })
})

describe('abilities with a dot segment', () => {
  it.each(DOTS.filter((dots) => isURI(`a:${dots}`)))(
    '%s are refused before signing, and allow nothing in foreign capabilities',
    (dots) => {
      const uri = `${API}/notes/${dots}`
      expect(() => toRecap({ [uri]: { 'notes/read': [{}] } })).toThrow(TypeError)
      const foreign = { [uri]: { 'notes/read': [{}] }, [`${API}/notes/*`]: { 'notes/read': [{}] } }
      const recap = `urn:recap:${toBase64url(utf8(canonicalJSON({ att: foreign, prf: [] }) ?? ''))}`
      const abilities = fromRecap(recap) ?? {}
      expect(Object.keys(abilities)).toHaveLength(2)
      const wanted = { ability: 'notes/read', resource: uri }
      expect([allows(abilities, wanted), recapAllows(recap, wanted)]).toEqual([false, false])
      expect(includesAbilities(abilities, { [uri]: { 'notes/read': [{}] } })).toBe(false)
      expect(allows(abilities, { ...wanted, resource: `${API}/notes/1` })).toBe(true)
    },
  )
})

describe('a required resource', () => {
  it.each([
    ['white space', `${API}/a b`],
    ['a line break', `${API}/a\n`],
    ['a control character', `${API}/a\u0007`],
    ['a backslash', `${API}/a\\b`],
    ['no scheme', '/a'],
    ['half an escape', `${API}/a%2`],
    ['another alphabet', `${API}/ä`],
    ['an invisible character', `${API}/a\u200b`],
  ])('with %s is not covered, and refused before signing', (_, uri) => {
    expect(covers(`${API}/*`, uri)).toBe(false)
    expect(covers(uri, uri)).toBe(false)
    expect(() => resourcesOption([uri], 'resources')).toThrow(TypeError)
    // The message shows a resource as it should be, with its scheme.
    expect(() => resourcesOption([uri], 'resources')).toThrow('such as https://api.example.com/notes/1')
  })
})

/** How often strings are read or looked up during the work. */
function looksOf(work: () => void): number {
  const spies = [
    vi.spyOn(Map.prototype, 'get'),
    vi.spyOn(Set.prototype, 'has'),
    vi.spyOn(String.prototype, 'startsWith'),
    vi.spyOn(String.prototype, 'slice'),
    vi.spyOn(RegExp.prototype, 'exec'),
    vi.spyOn(RegExp.prototype, 'test'),
  ]
  try {
    work()
    return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0)
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

describe('comparing resources takes linear time', () => {
  it.each([
    ['wildcards', (i: number) => `a:/${i}/*`, (i: number) => `a:/x${i}/y`],
    ['wildcards that cover', (i: number) => `a:/${i}/*`, (i: number) => `a:/${i}/y`],
    ['texts', (i: number) => `a:/${i}`, (i: number) => `a:/x${i}`],
    ['long beginnings in common', (i: number) => `a:/b/c/d/${i}/*`, () => 'a:/b/c/d/e/f'],
  ])('for a thousand %s and a thousand required ones', (_, grant, want) => {
    const list = (of: (i: number) => string): string[] => Array.from({ length: 1000 }, (_, i) => of(i))
    const [granted, wanted] = [list(grant), list(want)]
    const segments = [...granted, ...wanted].join('/').split('/').length
    expect(looksOf(() => missingResources(granted, wanted))).toBeLessThan(20 * segments)
  })

  it('for a resource of many segments', () => {
    const deep = `a:${'/b'.repeat(8000)}`
    expect(looksOf(() => covers(`${deep}/*`, `${deep}/x`))).toBeLessThan(5 * 16_000)
  })

  it('for a nested encoding', () => {
    const looks = (depth: number): number => looksOf(() => hasDotSegment(`a:/%${'25'.repeat(depth)}2e`))
    expect(hasDotSegment(`a:/%${'25'.repeat(8000)}2e`)).toBe(true)
    expect(looks(8000)).toBeLessThan(11 * looks(800))
  })

  it('for abilities on a thousand resources, and in a thousand namespaces', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`a:/${i}/*`, { 'x/y': [{}] }]))
    const wanted = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`a:/${i}/z`, { 'x/y': [{}] }]))
    expect(looksOf(() => expect(includesAbilities(many, wanted)).toBe(true))).toBeLessThan(50_000)
    const spaces = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`n${i}/x`, [{}]]))
    expect(looksOf(() => recapStatement({ 'a:b': spaces }))).toBeLessThan(10_000)
    expect(toRecap({ 'a:b': spaces })).toContain('urn:recap:')
  })
})
