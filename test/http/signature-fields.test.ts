import { describe, expect, it } from 'vitest'
import { readSignatureFields } from '../../src/http/signature-fields.js'

const KEY = 'did:key:z6Mkm91wmcNTuKS85bCFvkJuSPRNTBNj9ndxbknTQRVKm7Lq'
const PARAMS = `("@method" "@authority" "@path" "@query" "authorization");created=1717286374;expires=1717286434;nonce="CToQI2d8xQ20ObQtIqwYFA";keyid="${KEY}#${KEY.slice(8)}";alg="ed25519";tag="cacao-session-2"`
const SIGNATURE = 'pzf2YRFPQ2X3G3TIXavzPRUh3smTAWaiZIH7YAyI+Wp1A6Xv9xPcQ6g7Tgz660nK2pXHDoTdMCK2MfKI1Zr3Dw=='
const GIVEN = {
  authorization: 'CACAO abc',
  'signature-input': `cacao=${PARAMS}`,
  signature: `cacao=:${SIGNATURE}:`,
}
const read = (changes: Record<string, string> = {}, method = 'GET') =>
  readSignatureFields({ method, fields: new Map(Object.entries({ ...GIVEN, ...changes })) })

describe('our fast reader of signature headers', () => {
  it('reads the one form that our clients write', () => {
    expect(read()).toMatchObject({
      components: ['@method', '@authority', '@path', '@query', 'authorization'],
      parameters: { created: 1717286374, expires: 1717286434, alg: 'ed25519', tag: 'cacao-session-2' },
      params: PARAMS,
    })
    expect(read()?.signature).toHaveLength(64)
  })

  it.each([
    ['another method than letters', {}, 'G-T'],
    ['another label', { 'signature-input': `sig=${PARAMS}` }],
    ['a second signature', { 'signature-input': `cacao=${PARAMS}, sig=()` }],
    [
      'parameters in another order',
      { 'signature-input': `cacao=${PARAMS.replace(/;alg="ed25519"(.*)$/, '$1;alg="ed25519"')}` },
    ],
    ['a leading zero', { 'signature-input': `cacao=${PARAMS.replace('=1717286374', '=01717286374')}` }],
    [
      'an escaped character',
      { 'signature-input': `cacao=${PARAMS.replace('cacao-session-2', 'cacao\\\\-session-2')}` },
    ],
    ['a space before a parameter', { 'signature-input': `cacao=${PARAMS.replace(';alg', '; alg')}` }],
    ['base64 with bits that are not zero', { signature: `cacao=:${SIGNATURE.replace('Dw==', 'Dx==')}:` }],
    ['a parameter of the signature', { signature: `cacao=:${SIGNATURE}:;a` }],
    ['a capability with a space at its end', { authorization: 'CACAO abc ' }],
    ['a capability that is not ASCII', { authorization: 'CACAO äbc' }],
    ['a digest that is not ASCII, even if it is not signed', { 'content-digest': 'sha-256=:М:' }],
    ['a content type with a tab, even if it is not signed', { 'content-type': 'text/plain;\tx' }],
  ])('leaves %s to the library', (_, changes, method = 'GET') => {
    expect(read(changes as Record<string, string>, method)).toBeUndefined()
  })
})
