import { describe, expect, it } from 'vitest'
import { assertValidAt, expiryTime, validityAt } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { payload, unsigned } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { ADDRESS_A } from '../setup/wallet.js'

const refuses = (input: unknown): Promise<unknown> =>
  expectCode('ERR_CAPABILITY_INVALID', () => parseCacao(input))
const with_ = (changes: Record<string, unknown>): unknown => unsigned(changes)

describe('parseCacao', () => {
  it('returns a frozen copy', () => {
    const input = structuredClone(unsigned())
    const cacao = parseCacao(input)
    expect(cacao).toEqual(input)
    for (const part of [cacao, cacao.h, cacao.p, cacao.s, cacao.p.resources])
      expect(Object.isFrozen(part)).toBe(true)
    Object.assign(input.p, { iss: 'did:pkh:eip155:1:0x0' })
    expect(cacao.p.iss).toBe(unsigned().p.iss)
  })

  it('keeps the order of members, as in did-session strings', () => {
    const cacao = parseCacao({
      s: unsigned().s,
      h: { t: 'eip4361' },
      p: Object.fromEntries(Object.entries(payload()).reverse()),
    })
    expect(Object.keys(cacao)).toEqual(['s', 'h', 'p'])
    expect(Object.keys(cacao.p)).toEqual(Object.keys(payload()).reverse())
  })

  it.each([
    ['caip122', { h: { t: 'caip122' } }],
    ['bytes for a signature', { s: { t: 'eip191', s: new Uint8Array(65) } }],
    ["a passkey's data", { s: { t: 'webauthn:p256', s: 'abc', m: { aad: new Uint8Array(3) } } }],
    ['no data beside a signature', { s: { t: 'eip191', s: '0x', m: {} } }],
    ['a signature type that it does not know', { s: { t: 'other:curve', s: 'abc' } }],
  ])('accepts %s', (_, change) =>
    expect(parseCacao({ ...unsigned(), ...change })).toEqual({ ...unsigned(), ...change }),
  )

  it.each([
    ['no expiry', { exp: undefined }],
    ['an empty statement', { statement: '' }],
    ['no statement', { statement: undefined }],
    ['a statement in another script', { statement: 'Ich stimme zu — 同意します' }],
    ['no resources', { resources: undefined }],
    ['an empty list of resources', { resources: [] }],
    ['a checksummed issuer', { iss: `did:pkh:eip155:1:${ADDRESS_A}` }],
    [
      'another chain',
      { iss: 'did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv' },
    ],
    [
      "a passkey's nonce",
      { iss: 'did:key:zDnaeoA2SUkGYYDAVZBKgd4xWMGadgX2U29YPw8iEvCuELmfi', nonce: 'ab_cd-efgh1' },
    ],
    ['a request id', { requestId: 'r-1%20' }],
  ])('accepts %s', (_, changes) => expect(() => parseCacao(with_(changes))).not.toThrow())

  it.each([undefined, null, 0, '', 'cacao', true, [], [unsigned()], new Map(), () => undefined, new Date()])(
    'refuses %o',
    async (input) => void (await refuses(input)),
  )

  it.each(['h', 'p', 's'])('refuses a capability without %s', async (member) => {
    const { [member]: _, ...rest } = unsigned() as Record<string, unknown>
    await refuses(rest)
    for (const other of [null, 'x', [], 7]) await refuses({ ...unsigned(), [member]: other })
  })

  it.each(['domain', 'iss', 'aud', 'version', 'nonce', 'iat'])(
    'refuses a payload without %s',
    async (member) => {
      await refuses(with_({ [member]: undefined }))
      for (const other of ['', null, 7, ['x'], {}, true]) await refuses(with_({ [member]: other }))
    },
  )

  it.each([
    '',
    'garbage',
    0,
    4102444800,
    ['2099-12-31T23:59:59.000Z'],
    null,
    false,
    {},
    '2022-02-31T00:00:00Z',
    '2099-12-31',
  ])('refuses the date %j', async (value) => {
    for (const member of ['exp', 'nbf', 'iat']) await refuses(with_({ [member]: value }))
  })

  it.each([
    ['an unknown member', { ...unsigned(), x: 1 }],
    ['an unknown member in the header', { ...unsigned(), h: { t: 'eip4361', x: 1 } }],
    ['an unknown member in the payload', with_({ scope: 'all' })],
    ['an unknown member in the signature', { ...unsigned(), s: { t: 'eip191', s: '0x', x: 1 } }],
    ['an unknown member beside the signature', { ...unsigned(), s: { t: 'eip191', s: '0x', m: { x: 1 } } }],
    [
      '__proto__ as a member',
      JSON.parse(
        `{"h":{"t":"eip4361"},"p":${JSON.stringify(payload())},"s":{"t":"a","s":"b"},"__proto__":{}}`,
      ),
    ],
    [
      '__proto__ in the payload',
      { ...unsigned(), p: JSON.parse(`{"__proto__":{"exp":"x"},${JSON.stringify(payload()).slice(1)}`) },
    ],
    ...['toString', 'constructor', 'valueOf', 'hasOwnProperty'].map((name): [string, unknown] => [
      `${name} as a member`,
      with_({ [name]: 'x' }),
    ]),
    ['members by inheritance', Object.create(unsigned())],
    ['an unknown header type', { ...unsigned(), h: { t: 'eip4362' } }],
    ['a header type by the name of a member of Object.prototype', { ...unsigned(), h: { t: 'toString' } }],
    ['an empty signature', { ...unsigned(), s: { t: 'eip191', s: '' } }],
    ['no bytes for a signature', { ...unsigned(), s: { t: 'eip191', s: new Uint8Array() } }],
    ['numbers for a signature', { ...unsigned(), s: { t: 'eip191', s: [1, 2] } }],
    [
      "a passkey's data beside another signature",
      { ...unsigned(), s: { t: 'eip191', s: '0x', m: { aad: Uint8Array.of(1) } } },
    ],
    ['a signature type with a line break', { ...unsigned(), s: { t: 'eip191\n', s: 'x' } }],
  ])('refuses %s', async (_, input) => void (await refuses(input)))

  it.each([
    ['a line break in the statement', { statement: 'a\nb' }],
    ['a carriage return in the statement', { statement: 'a\rb' }],
    ['a line separator in the statement', { statement: 'a\u2028b' }],
    ['a control character in the statement', { statement: 'a\u0085b' }],
    ['half a character in the statement', { statement: 'a\ud800b' }],
    ['ASCII that ERC-4361 has not in the statement', { statement: 'a<b>' }],
    ['a line break in the domain', { domain: 'a\nb' }],
    ['a path in the domain', { domain: 'a/b' }],
    ['a line break in the nonce', { nonce: 'abcdefgh\n' }],
    ['a short nonce', { nonce: 'abcdefg' }],
    ['a nonce with other characters', { nonce: 'abcdefg-h' }],
    ['version 2', { version: '2' }],
    ['an audience that is no URI', { aud: 'z6Mk' }],
    ['a line break in the audience', { aud: 'did:key:z\nx' }],
    ['an issuer of another method', { iss: 'did:web:example.com' }],
    ['an issuer without a chain', { iss: `did:pkh:${ADDRESS_A}` }],
    ['a request id with a blank', { requestId: 'a b' }],
    ['resources that are no list', { resources: 'ceramic://*' }],
    ['an object like a list', { resources: { 0: 'ceramic://*', length: 1 } }],
    ['a resource that is no string', { resources: [7] }],
    ['a resource that is no URI', { resources: ['a b'] }],
    ['a line break in a resource', { resources: ['a:b\n- c:d'] }],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused
    ['a hole in the resources', { resources: [, 'a:b'] }],
  ])('refuses %s', async (_, changes) => void (await refuses(with_(changes))))

  it('names the wrong member in the error, and never shows the signature', async () => {
    const error = await expectCode('ERR_CAPABILITY_INVALID', () => parseCacao(with_({ exp: 'soon' })))
    expect(error.message).toContain('p.exp')
    const other = await expectCode('ERR_CAPABILITY_INVALID', () =>
      parseCacao({ ...unsigned(), s: { t: 'X Y', s: 'secret' } }),
    )
    expect(other.message).not.toContain('secret')
  })
})

describe('the validity of a capability', () => {
  const at = (text: string): number => Date.parse(text)
  const cacao = parseCacao(with_({ nbf: '2024-06-01T13:00:00Z', exp: '2024-06-02T12:00:00Z' }))

  it('ends exactly at exp', () => {
    expect(validityAt(cacao, at('2024-06-02T11:59:59.999Z'))).toBe('valid')
    expect(validityAt(cacao, at('2024-06-02T12:00:00.000Z'))).toBe('expired')
  })

  it('begins at nbf, and allows 300 seconds of clock skew', () => {
    expect(validityAt(cacao, at('2024-06-01T12:55:00Z'))).toBe('valid')
    expect(validityAt(cacao, at('2024-06-01T12:54:59Z'))).toBe('not-yet-valid')
    expect(validityAt(cacao, at('2024-06-01T12:59:59Z'), 0)).toBe('not-yet-valid')
    expect(validityAt(parseCacao(unsigned()), at('2024-06-01T11:54:59Z'))).toBe('not-yet-valid')
  })

  it('has no end without exp', () => {
    const endless = parseCacao(with_({ exp: undefined }))
    expect(expiryTime(endless)).toBe(Number.POSITIVE_INFINITY)
    expect(validityAt(endless, at('2999-01-01T00:00:00Z'))).toBe('valid')
  })

  it('is never valid for a clock that returns NaN', () => {
    for (const exp of ['2099-12-31T23:59:59Z', undefined]) {
      expect(validityAt(parseCacao(with_({ exp })), Number.NaN)).not.toBe('valid')
    }
  })

  it('has an error code for each case', async () => {
    await expectCode('ERR_CAPABILITY_EXPIRED', () => assertValidAt(cacao, at('2025-01-01T00:00:00Z')))
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () => assertValidAt(cacao, at('2024-01-01T00:00:00Z')))
    expect(() => assertValidAt(cacao, at('2024-06-02T00:00:00Z'))).not.toThrow()
  })
})
