import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/hex.js'
import { cacaoCID, encodeDagCBOR } from '../../src/capability/cid.js'
import { containsBytes, decodeDagJSON, encodeDagJSON } from '../../src/capability/dag-json.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { describeWith, fixture, fixtureNames } from '../setup/fixtures.js'

interface CacaoFixture {
  cacao: unknown
  cid: string
  dagCborHex: string
}

const cacaoNames = fixtureNames('did-session-4/cacao-')
describeWith(
  'the CIDs of capabilities of did-session 4',
  cacaoNames.length > 0 ? cacaoNames : undefined,
  (names) => {
    it.each(names)('%s', async (name) => {
      const file = await fixture<CacaoFixture>(name)
      const cacao = parseCacao(file?.cacao)
      expect(toHex(encodeDagCBOR(cacao))).toBe(file?.dagCborHex)
      expect(await cacaoCID(cacao)).toBe(file?.cid)
    })
  },
)

describe('DAG-CBOR', () => {
  it('writes each length in its shortest form (RFC 8949 §4.2.1)', () => {
    const heads = [0, 23, 24, 255, 256, 65535, 65536].map((length) =>
      toHex(encodeDagCBOR('x'.repeat(length)).subarray(0, 5)),
    )
    expect(heads).toEqual([
      '60',
      '7778787878',
      '7818787878',
      '78ff787878',
      '7901007878',
      '79ffff7878',
      '7a00010000',
    ])
  })

  it('orders keys by length, then bytewise', () => {
    expect(toHex(encodeDagCBOR({ bb: '1', a: '2', ab: '3' }))).toBe('a3616161326261626133626262613' + '1')
  })

  it('encodes bytes as bytes', () => expect(toHex(encodeDagCBOR(Uint8Array.of(1, 2)))).toBe('420102'))

  it('leaves out undefined members', () => {
    expect(toHex(encodeDagCBOR({ a: '2', b: undefined }))).toBe(toHex(encodeDagCBOR({ a: '2' })))
  })
})

describe('DAG-JSON', () => {
  const value = { z: [Uint8Array.of(0xfb, 0xff), 'text'], a: { b: Uint8Array.of(1) } }

  it('sorts members and writes bytes as unpadded base64', () => {
    expect(encodeDagJSON(value)).toBe('{"a":{"b":{"/":{"bytes":"AQ"}}},"z":[{"/":{"bytes":"+/8"}},"text"]}')
  })

  it('reads back its own output', () => expect(decodeDagJSON(encodeDagJSON(value))).toEqual(value))

  it.each([
    '{"/":{"bytes":"AQ=="}}',
    '{"/":{"bytes":"AR"}}',
    '{"/":{"bytes":1}}',
    '{"/":"bafy"}',
    '{"/":{"bytes":"AQ"},"x":1}',
  ])('leaves %s unchanged, so that parseCacao refuses it', (text) =>
    expect(decodeDagJSON(text)).toEqual(JSON.parse(text)),
  )

  it('returns undefined for malformed JSON', () => expect(decodeDagJSON('{')).toBeUndefined())

  it('finds bytes at any depth', () => {
    expect(containsBytes(value)).toBe(true)
    expect(containsBytes({ a: ['b', { c: null }] })).toBe(false)
  })
})
