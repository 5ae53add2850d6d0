import { describe, expect, it } from 'vitest'
import { toBase64url } from '../../src/base/multibase.js'
import { utf8 } from '../../src/base/utf8.js'
import { type Abilities, allows, recapAllows } from '../../src/capability/abilities.js'
import {
  abilitiesOf,
  fromRecap,
  missingGrants,
  recapStatement,
  toRecap,
  unionOfGrants,
} from '../../src/capability/recap.js'
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
const options = { verifiers: ethereumVerifiers(), now: () => Date.UTC(2024, 5, 2) }

for (const name of ['siwe_with_caps', 'siwe_with_statement'] as const) {
  describeWith(`ReCap vectors: ${name}`, await vectorText(`spruceid-siwe-recap/${name}.txt`), (written) => {
    const { payload: p } = parseEthereumMessage(written.replace(/\n$/, ''))

    it('says what its recap grants, which we write to the byte', () => {
      const abilities = abilitiesOf(p) ?? expect.fail('it has no recap')
      expect(toRecap(abilities)).toBe(p.resources?.at(-1))
      const words = name === 'siwe_with_caps' ? undefined : 'Some custom statement.'
      expect(recapStatement(abilities, words)).toBe(p.statement)
    })

    it('is refused with one word changed', async () => {
      const statement = p.statement?.replace('present', 'presend')
      await expectCode('ERR_CAPABILITY_INVALID', () => abilitiesOf({ ...p, ...(statement && { statement }) }))
    })
  })
}

describeWith(
  'ReCap vectors: serialized_cap',
  await vectorText('spruceid-siwe-recap/serialized_cap.json'),
  (json) => {
    it('is read, caveats and all', () => {
      const recap = `urn:recap:${toBase64url(utf8(json.trim()))}`
      expect(fromRecap(recap)).toEqual(JSON.parse(json).att)
    })
  },
)

describeWith(
  'ReCap vectors: siwe_with_interleaved_resources',
  await vectorText('spruceid-siwe-recap/siwe_with_interleaved_resources.txt'),
  (written) => {
    it('is refused: its recap is not the last resource', () =>
      expectCode('ERR_CAPABILITY_INVALID', () =>
        abilitiesOf(parseEthereumMessage(written.trimEnd()).payload),
      ))
  },
)

describe('abilities', () => {
  it('are one resource, in one form whatever the order, and read back', () => {
    const recap = toRecap(ABILITIES)
    const turned = { [NOTES]: Object.fromEntries(Object.entries(ABILITIES[NOTES] ?? {}).reverse()) }
    expect(toRecap(turned)).toBe(recap)
    expect(fromRecap(recap)).toEqual(ABILITIES)
  })

  it('are said in words, with those of the app before them', () => {
    expect(recapStatement(ABILITIES)).toBe(SAID)
    expect(recapStatement(ABILITIES, 'Keep notes.')).toBe(`Keep notes. ${SAID}`)
  })

  it.each<[string, unknown]>([
    ['none', {}],
    ['nothing', null],
    ['a list', []],
    ['by what is no URI', { notes: { 'notes/read': [{}] } }],
    ['by another recap', { 'urn:recap:e30': { 'notes/read': [{}] } }],
    ['no names', { [NOTES]: {} }],
    ['a name without a namespace', { [NOTES]: { read: [{}] } }],
    ['a name with a quote', { [NOTES]: { "notes/re'ad": [{}] } }],
    ['a name in three parts', { [NOTES]: { 'notes/read/all': [{}] } }],
    ['no caveats', { [NOTES]: { 'notes/read': [] } }],
    ['caveats that are no objects', { [NOTES]: { 'notes/read': [true] } }],
    ['caveats that are none', { [NOTES]: { 'notes/read': {} } }],
  ])('are refused with %s', (_, att) => {
    expect(() => toRecap(att as Abilities)).toThrow(TypeError)
    expect(fromRecap(recapOf({ att, prf: [] }))).toBeUndefined()
  })

  const att = { [NOTES]: { 'notes/read': [{}] } }
  it.each<[string, string]>([
    ['white space', `urn:recap:${toBase64url(utf8(JSON.stringify({ att, prf: [] }, null, 1)))}`],
    ['members out of order', recapOf({ prf: [], att })],
    ['another member', recapOf({ att, oth: 1, prf: [] })],
    ['no proofs', recapOf({ att })],
    ['proofs that are none', recapOf({ att, prf: [1] })],
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
  ])('are not read from a recap with %s', (_, recap) => {
    expect(fromRecap(recapOf({ att, prf: ['zM5K'] }))).toEqual(att)
    expect(fromRecap(recap)).toBeUndefined()
    expect(recapAllows(recap, { ability: 'notes/write', resource: NOTES })).toBe(false)
  })

  it('allow what they name, on what it covers, without caveats', () => {
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

describe('what is granted with abilities', () => {
  const recap = toRecap(ABILITIES)
  const read = toRecap({ [NOTES]: { 'notes/read': [{}] } })
  const ban = (days: number): string => toRecap({ [NOTES]: { 'admin/ban': [{ days }] } })

  it('covers a recap that asks for less, and the same caveats', () => {
    expect(missingGrants(['https://a.b/', recap], [read, ban(3)])).toEqual([])
    expect(missingGrants(['https://a.b/', read], [recap, ban(3), 'https://a.b/'])).toEqual([recap, ban(3)])
    expect(missingGrants([recap], [ban(4), 'urn:recap:x'])).toEqual([ban(4), 'urn:recap:x'])
    expect(missingGrants(['urn:*'], [read])).toEqual([read])
  })

  it('is joined into one recap at the end', () => {
    const all = unionOfGrants([read, 'https://a.b/'], ['https://c.d/', ban(3), ban(4)])
    expect(all.slice(0, 2)).toEqual(['https://a.b/', 'https://c.d/'])
    expect(fromRecap(all[2] ?? '')).toEqual({
      [NOTES]: { 'notes/read': [{}], 'admin/ban': [{ days: 3 }, { days: 4 }] },
    })
    expect(all).toHaveLength(3)
    expect(unionOfGrants(['https://a.b/'], ['https://a.b/'])).toEqual(['https://a.b/'])
  })
})

describe('a capability with abilities', () => {
  const resources = ['https://a.b/', toRecap(ABILITIES)]
  const ability = { ability: 'notes/write', resource: NOTES }

  it.each([SAID, `Keep notes. ${SAID}`])('is accepted when it says %s', async (statement) => {
    const cacao = signed({ resources, statement })
    expect(await verifyCacao(cacao, { ...options, ability })).toEqual(cacao)
  })

  it.each<[string, string, string[]]>([
    ['other words', SAID.replace('write', 'erase'), resources],
    ['no words of it', 'Sign in.', resources],
    ['words behind them', `${SAID} Not.`, resources],
    ['words that run into them', `Keep notes.${SAID}`, resources],
    ['the recap before other resources', SAID, [...resources].reverse()],
    ['two recaps', SAID, [toRecap({ [NOTES]: { 'notes/read': [{}] } }), toRecap(ABILITIES)]],
    ['a recap that is none', SAID, ['urn:recap:e30']],
  ])('is refused with %s, though it is signed', async (_, statement, list) => {
    const error = expectCode('ERR_CAPABILITY_INVALID', () =>
      verifyCacao(signed({ resources: list, statement }), options),
    )
    expect((await error).message).toMatch(/ReCap/)
  })

  it('is refused where another ability is asked for, or one is asked of plain resources', async () => {
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
