import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import {
  abilitiesOf,
  fromRecap,
  missingGrants,
  recapStatement,
  toRecap,
  unionOfGrants,
  withoutRecapStatement,
} from '../../src/capability/recap.js'
import { type Abilities, allows, recapAllows } from '../../src/capability/resources.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { parseEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { payload, signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { describeWith, vectorText } from '../setup/fixtures.js'

const NOTES = 'https://api.example.com/notes'
const ABILITIES: Abilities = {
  [NOTES]: { 'notes/write': [{}], 'notes/read': [{}], 'admin/ban': [{ days: 3 }] },
}
const SAID =
  "I further authorize the stated URI to perform the following actions on my behalf: (1) 'admin': 'ban' for " +
  `'${NOTES}'. (2) 'notes': 'read', 'write' for '${NOTES}'.`
const recapOf = (value: unknown): string => `urn:recap:${toBase64url(utf8(JSON.stringify(value)))}`
const recapText = (recap = ''): string => fromUtf8(fromBase64url(recap.slice(10)) ?? new Uint8Array()) ?? ''
const options = { verifiers: ethereumVerifiers(), now: () => Date.UTC(2024, 5, 2) }

for (const name of ['siwe_with_caps', 'siwe_with_statement'] as const) {
  describeWith(`ReCap vectors: ${name}`, await vectorText(`spruceid-siwe-recap/${name}.txt`), (written) => {
    const { payload: p } = parseEthereumMessage(written.replace(/\n$/, ''))

    it('its statement and ReCap agree, byte for byte with ours', () => {
      const abilities = abilitiesOf(p) ?? expect.fail('it has no recap')
      // We write no empty list of proofs, which the ERC does not have either.
      expect(fromRecap(toRecap(abilities))).toEqual(abilities)
      const { prf, ...rest } = JSON.parse(recapText(p.resources?.at(-1)))
      expect([prf, JSON.stringify(rest)]).toEqual([[], recapText(toRecap(abilities))])
      const words = name === 'siwe_with_caps' ? undefined : 'Some custom statement.'
      expect(recapStatement(abilities, words)).toBe(p.statement)
    })

    it('is refused if one word of its statement is changed', async () => {
      const statement = p.statement?.replace('present', 'presend')
      await expectCode('ERR_CAPABILITY_INVALID', () => abilitiesOf({ ...p, ...(statement && { statement }) }))
    })
  })
}

describeWith(
  'ReCap vectors: serialized_cap',
  await vectorText('spruceid-siwe-recap/serialized_cap.json'),
  (json) => {
    it('is parsed with its caveats', () => {
      const recap = `urn:recap:${toBase64url(utf8(json.trim()))}`
      expect(fromRecap(recap)).toEqual(JSON.parse(json).att)
    })
  },
)

describeWith(
  'ReCap vectors: siwe_with_interleaved_resources',
  await vectorText('spruceid-siwe-recap/siwe_with_interleaved_resources.txt'),
  (written) => {
    it('is refused, because its ReCap is not the last resource', () =>
      expectCode('ERR_CAPABILITY_INVALID', () =>
        abilitiesOf(parseEthereumMessage(written.trimEnd()).payload),
      ))
  },
)

describe('abilities', () => {
  it('are one resource, the same in any order of members, and parsed back', () => {
    const recap = toRecap(ABILITIES)
    const turned = { [NOTES]: Object.fromEntries(Object.entries(ABILITIES[NOTES] ?? {}).reverse()) }
    expect(toRecap(turned)).toBe(recap)
    expect(fromRecap(recap)).toEqual(ABILITIES)
  })

  it('are described in a statement, after the app’s own words', () => {
    expect(recapStatement(ABILITIES)).toBe(SAID)
    expect(recapStatement(ABILITIES, 'Keep notes.')).toBe(`Keep notes. ${SAID}`)
    for (const words of ['', 'Keep notes.'])
      expect(withoutRecapStatement(`${words} ${SAID}`.trim())).toBe(words)
    expect(withoutRecapStatement('Keep notes. ')).toBe('Keep notes. ')
  })

  it.each<[string, unknown]>([
    ['none', {}],
    ['nothing', null],
    ['a list', []],
    ['a target that is no URI', { notes: { 'notes/read': [{}] } }],
    ['another ReCap as the target', { 'urn:recap:e30': { 'notes/read': [{}] } }],
    ['no abilities', { [NOTES]: {} }],
    ['null for its abilities', { [NOTES]: null }],
    ['an ability without a namespace', { [NOTES]: { read: [{}] } }],
    ['an ability with a quote', { [NOTES]: { "notes/re'ad": [{}] } }],
    ['an ability in three parts', { [NOTES]: { 'notes/read/all': [{}] } }],
    ['caveats that are no objects', { [NOTES]: { 'notes/read': [true] } }],
    ['caveats that are no list', { [NOTES]: { 'notes/read': {} } }],
  ])('are refused with %s', (_, att) => {
    expect(() => toRecap(att as Abilities)).toThrow(TypeError)
    expect(fromRecap(recapOf({ att, prf: [] }))).toBeUndefined()
  })

  it.each<[string, Abilities]>([
    ['one resource with .. segments', { 'https://api.example.com/../notes': { 'notes/read': [{}] } }],
    ['one resource of two with . segments', { ...ABILITIES, [`${NOTES}/./1`]: { 'notes/read': [{}] } }],
    ['one ability of two without caveats', { [NOTES]: { 'notes/read': [{}], 'notes/write': [] } }],
  ])('are not written with %s', (_, abilities) => {
    expect(fromRecap(toRecap(ABILITIES))).toEqual(ABILITIES)
    expect(() => toRecap(abilities)).toThrow(TypeError)
  })

  it('are read from a ReCap only, and from no other URI that ends like one', () => {
    const recap = toRecap(ABILITIES)
    const other = recap.replace('urn:recap:', 'urn:other:')
    expect([fromRecap(recap), fromRecap(other)]).toEqual([ABILITIES, undefined])
    expect(missingGrants([recap], [recap])).toEqual([])
    expect(missingGrants([other], [recap])).toEqual([recap])
  })

  const att = { [NOTES]: { 'notes/read': [{}] } }
  it('are written without proofs, and read with or without them', () => {
    expect(recapText(toRecap(att))).toBe(JSON.stringify({ att }))
    for (const recap of [{ att }, { att, prf: [] }, { att, prf: ['bafybeigk7l'] }])
      expect(fromRecap(recapOf(recap))).toEqual(att)
  })

  it.each<[string, string]>([
    ['white space', `urn:recap:${toBase64url(utf8(JSON.stringify({ att, prf: [] }, null, 1)))}`],
    ['members out of order', recapOf({ prf: [], att })],
    ['another member', recapOf({ att, oth: 1, prf: [] })],
    ['no member of its own', recapOf({ prf: [] })],
    ['proofs that are no list', recapOf({ att, prf: null })],
    ['malformed proofs', recapOf({ att, prf: [1] })],
    ['padding', `${recapOf({ att, prf: [] })}=`],
    [
      'a member twice',
      `urn:recap:${toBase64url(utf8(`{"att":{},${JSON.stringify({ att, prf: [] }).slice(1)}`))}`,
    ],
    ['no JSON', `urn:recap:${toBase64url(utf8('att'))}`],
    ['nothing', 'urn:recap:'],
    [
      'too many levels',
      recapOf({
        att: { [NOTES]: { 'notes/read': [JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)] } },
        prf: [],
      }),
    ],
  ])('are not read from a ReCap with %s', (_, recap) => {
    expect(fromRecap(recapOf({ att, prf: ['zM5K'] }))).toEqual(att)
    expect(fromRecap(recap)).toBeUndefined()
    expect(recapAllows(recap, { ability: 'notes/write', resource: NOTES })).toBe(false)
  })

  it('allow only the named abilities, on covered resources, without caveats', () => {
    const wide = { 'https://api.example.com/*': { 'notes/read': [{ days: 3 }, {}] } }
    const has = (abilities: Abilities, ability: string, resource: string): boolean => {
      const recap = toRecap(abilities)
      expect(recapAllows(recap, { ability, resource })).toBe(allows(abilities, { ability, resource }))
      return recapAllows(recap, { ability, resource })
    }
    expect(has(ABILITIES, 'notes/read', NOTES)).toBe(true)
    expect(has(ABILITIES, 'notes/read', `${NOTES}/1`)).toBe(false)
    expect(has(ABILITIES, 'notes/rea', NOTES)).toBe(false)
    expect(has(ABILITIES, 'toString', NOTES)).toBe(false)
    expect(has(ABILITIES, 'admin/ban', NOTES)).toBe(false)
    expect(has(wide, 'notes/read', `${NOTES}/1`)).toBe(true)
    expect(has(wide, 'notes/read', 'https://api.example.com/../x')).toBe(false)
  })
})

describe('a grant of abilities', () => {
  const recap = toRecap(ABILITIES)
  const read = toRecap({ [NOTES]: { 'notes/read': [{}] } })
  const ban = (days: number): string => toRecap({ [NOTES]: { 'admin/ban': [{ days }] } })

  it('covers a ReCap with fewer abilities and the same caveats', () => {
    expect(missingGrants(['https://a.b/', recap], [read, ban(3)])).toEqual([])
    expect(missingGrants(['https://a.b/', read], [recap, ban(3), 'https://a.b/'])).toEqual([recap, ban(3)])
    expect(missingGrants([recap], [ban(4), 'urn:recap:x'])).toEqual([ban(4), 'urn:recap:x'])
    expect(missingGrants(['urn:*'], [read])).toEqual([read])
  })

  it('covers all resources of a ReCap or none, and all caveats if it has none itself', () => {
    const withCaveats = (...days: number[]) =>
      toRecap({ [NOTES]: { 'notes/read': days.map((count) => ({ days: count })) } })
    const elsewhere = toRecap({ [NOTES]: { 'notes/read': [{}] }, 'https://c.d/': { 'notes/read': [{}] } })
    expect(missingGrants([elsewhere], [read])).toEqual([])
    expect(missingGrants([read], [elsewhere])).toEqual([elsewhere])
    expect(missingGrants([read], [withCaveats(3, 4)])).toEqual([])
    expect(missingGrants([withCaveats(3, 4)], [withCaveats(3)])).toEqual([])
    expect(missingGrants([withCaveats(3)], [withCaveats(3, 4)])).toEqual([withCaveats(3, 4)])
    expect(missingGrants([withCaveats(3, 4)], [read])).toEqual([read])
  })

  it('is merged into one ReCap at the end', () => {
    const all = unionOfGrants([read, 'https://a.b/'], ['https://c.d/', ban(3), ban(4)])
    expect(all.slice(0, 2)).toEqual(['https://a.b/', 'https://c.d/'])
    expect(fromRecap(all[2] ?? '')).toEqual({
      [NOTES]: { 'notes/read': [{}], 'admin/ban': [{ days: 3 }, { days: 4 }] },
    })
    expect(all).toHaveLength(3)
    expect(unionOfGrants(['https://a.b/'], ['https://a.b/'])).toEqual(['https://a.b/'])
    // Unchanged, with proofs that we would not write.
    const proven = recapOf({ att: { [NOTES]: { 'notes/read': [{}] } }, prf: ['zM5K'] })
    expect(unionOfGrants([proven], ['https://a.b/', proven])).toEqual(['https://a.b/', proven])
    expect(unionOfGrants(['urn:recap:AA', 'https://a.b/'], ['urn:recap:AB'])).toEqual(['https://a.b/'])
  })
})

describe('a capability with abilities', () => {
  const resources = ['https://a.b/', toRecap(ABILITIES)]
  const ability = { ability: 'notes/write', resource: NOTES }

  it.each([SAID, `Keep notes. ${SAID}`])('is accepted when its statement has %s', async (statement) => {
    const cacao = signed({ resources, statement })
    expect(await verifyCacao(cacao, { ...options, ability })).toEqual(cacao)
  })

  it.each<[string, string, string[]]>([
    ['another statement', SAID.replace('write', 'erase'), resources],
    ['no statement for it', 'Sign in.', resources],
    ['text after it', `${SAID} Not.`, resources],
    ['text before it without a space', `Keep notes.${SAID}`, resources],
    ['the recap before other resources', SAID, [...resources].reverse()],
    ['two recaps', SAID, [toRecap({ [NOTES]: { 'notes/read': [{}] } }), toRecap(ABILITIES)]],
    ['a malformed ReCap', SAID, ['urn:recap:e30']],
  ])('is refused with %s, even if it is signed', async (_, statement, list) => {
    const error = expectCode('ERR_CAPABILITY_INVALID', () =>
      verifyCacao(signed({ resources: list, statement }), options),
    )
    expect((await error).message).toMatch(/ReCap/)
  })

  it('is refused if another ability is required, or if it has only plain resources', async () => {
    const cacao = signed({ resources, statement: SAID })
    for (const wanted of [
      { ...ability, ability: 'notes/erase' },
      { ...ability, ability: 'admin/ban' },
    ])
      await expectCode('ERR_CAPABILITY_RESOURCES', () => verifyCacao(cacao, { ...options, ability: wanted }))
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      verifyCacao(signed({ resources: [NOTES] }), { ...options, ability }),
    )
    expect(abilitiesOf(payload())).toBeUndefined()
  })
})

describe('the ReCap of a one-click sign-in', () => {
  const att = { eip155: { 'request/personal_sign': [{ purpose: '>>>???' }] } }
  const base64 = btoa(JSON.stringify({ att })).replace(/=+$/, '')

  it.each([
    ['base64', base64],
    ['base64url', toBase64url(utf8(JSON.stringify({ att })))],
  ])('is told from others in %s, and grants nothing', async (_, encoded) => {
    expect(base64).toMatch(/[+/]/)
    const p = payload({ resources: [`urn:recap:${encoded}`] })
    expect(abilitiesOf(p, true)).toBeUndefined()
    const error = await expectCode('ERR_CAPABILITY_INVALID', () => abilitiesOf(p))
    expect(error.message).toContain('oneClickAuth: true')
  })
})

describe('an ability with an empty list of caveats', () => {
  // The first example of ERC-5573, which signs `did:key:example` into its text.
  const STATEMENT =
    "I further authorize the stated URI to perform the following actions on my behalf: (1) 'example': 'append', 'read' for 'https://example.com'. (2) 'other': 'action' for 'https://example.com'. (3) 'example': 'append', 'delete' for 'my:resource:uri.1'. (4) 'example': 'append' for 'my:resource:uri.2'. (5) 'example': 'append' for 'my:resource:uri.3'."
  const RECAP_OF_ERC =
    'urn:recap:eyJhdHQiOnsiaHR0cHM6Ly9leGFtcGxlLmNvbSI6eyJleGFtcGxlL2FwcGVuZCI6W10sImV4YW1wbGUvcmVhZCI6W10sIm90aGVyL2FjdGlvbiI6W119LCJteTpyZXNvdXJjZTp1cmkuMSI6eyJleGFtcGxlL2FwcGVuZCI6W10sImV4YW1wbGUvZGVsZXRlIjpbXX0sIm15OnJlc291cmNlOnVyaS4yIjp7ImV4YW1wbGUvYXBwZW5kIjpbXX0sIm15OnJlc291cmNlOnVyaS4zIjp7ImV4YW1wbGUvYXBwZW5kIjpbXX19LCJwcmYiOltdfQ'
  const cacao = signed({ statement: STATEMENT, resources: [RECAP_OF_ERC] })
  const wanted = { ability: 'example/read', resource: 'https://example.com' }

  it('is verified, as in the first example of ERC-5573, and grants nothing', async () => {
    await verifyCacao(cacao, options)
    await expectCode('ERR_CAPABILITY_RESOURCES', () => verifyCacao(cacao, { ...options, ability: wanted }))
    expect(recapAllows(RECAP_OF_ERC, wanted)).toBe(false)
  })

  it('is never requested, covered or kept in a union', () => {
    const nobody = recapOf({ att: { [NOTES]: { 'notes/read': [] } } })
    expect(() => toRecap({ [NOTES]: { 'notes/read': [] } })).toThrow(TypeError)
    expect(missingGrants([toRecap({ [NOTES]: { 'notes/read': [{}] } })], [nobody])).toEqual([nobody])
    expect(missingGrants([nobody], [toRecap({ [NOTES]: { 'notes/read': [{}] } })])).toHaveLength(1)
    const write = toRecap({ [NOTES]: { 'notes/write': [{}] } })
    expect(unionOfGrants([nobody], [write])).toEqual([write])
    expect(unionOfGrants([nobody], [RECAP_OF_ERC])).toEqual([])
    const read = toRecap({ [NOTES]: { 'notes/read': [{ days: 3 }] } })
    expect(unionOfGrants([nobody], [read])).toEqual([read])
    const both = recapOf({ att: { [NOTES]: { 'notes/read': [{ days: 3 }], 'notes/write': [] } } })
    expect(unionOfGrants([both], [nobody])).toEqual([read])
  })
})

describe('the error for a refused ReCap gives the reason', () => {
  const att = { [NOTES]: { 'notes/read': [{}] } }
  const recap = recapOf({ att })
  const statement = recapStatement(att)
  it.each<[string, RegExp, Parameters<typeof payload>[0]]>([
    ['twice', /at most one ReCap/, { statement, resources: [recap, recap] }],
    ['not last', /must be the last/, { statement, resources: [recap, 'a:b'] }],
    ['padded', /base64url without padding/, { statement, resources: [`${recapOf({ att, prf: [] })}=`] }],
    ['no JSON', /must be JSON/, { statement, resources: [`urn:recap:${toBase64url(utf8('{'))}`] }],
    ['a list', /JSON object/, { statement, resources: [recapOf([att])] }],
    ['another member', /no member "exp"/, { statement, resources: [recapOf({ att, exp: 1 })] }],
    ['odd proofs', /list of CIDs/, { statement, resources: [recapOf({ att, prf: [1] })] }],
    ['nothing granted', /at least one resource/, { statement, resources: [recapOf({ att: {}, prf: [] })] }],
    [
      'a target that is no URI',
      /"eip155", which is not a URI/,
      { statement, resources: [recapOf({ att: { eip155: { 'request/personal_sign': [{}] } } })] },
    ],
    [
      'another ReCap',
      /for another ReCap/,
      { statement, resources: [recapOf({ att: { [recap]: { 'a/b': [{}] } } })] },
    ],
    ['no ability', /at least one ability/, { statement, resources: [recapOf({ att: { [NOTES]: {} } })] }],
    [
      'an odd ability',
      /the ability "read"/,
      { statement, resources: [recapOf({ att: { [NOTES]: { read: [{}] } } })] },
    ],
    [
      'odd caveats',
      /caveats of "notes\/read"/,
      { statement, resources: [recapOf({ att: { [NOTES]: { 'notes/read': {} } } })] },
    ],
    [
      'white space',
      /canonical JSON/,
      { statement, resources: [`urn:recap:${toBase64url(utf8(JSON.stringify({ att }, null, 1)))}`] },
    ],
    ['an absent statement', /does not mention it/, { statement: undefined, resources: [recap] }],
    ['another statement', /does not mention it/, { statement: 'Sign in.', resources: [recap] }],
    [
      'a statement with fewer abilities',
      /must end with .*notes/,
      { statement: statement.replace('read', 'list'), resources: [recap] },
    ],
  ])('%s', async (_, words, changes) => {
    const error = await expectCode('ERR_CAPABILITY_INVALID', () => abilitiesOf(payload(changes)))
    expect(error.message).toMatch(words)
    expect(error.message).toMatch(/\(ERC-5573\)$/)
    expect(error.message.length).toBeLessThan(400)
  })
})
