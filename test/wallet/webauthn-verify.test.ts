import { beforeEach, describe, expect, it } from 'vitest'
import { concat, utf8 } from '../../src/base/bytes.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { type WebAuthnVerifierOptions, webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import { expectCode } from '../setup/expect-code.js'
import { type PasskeyBehaviour, TestPasskeys } from '../setup/passkey.js'
import { makeResident, signedByPasskey } from '../setup/passkey-capability.js'
import { ORIGIN } from '../setup/with-passkeys.js'

const verify = (cacao: unknown, options: WebAuthnVerifierOptions = {}): Promise<Cacao> =>
  verifyCacao(cacao, { verifiers: webauthnVerifiers(options) })

let passkeys: TestPasskeys
beforeEach(() => {
  passkeys = new TestPasskeys(ORIGIN)
})

const json = (text: string): Pick<PasskeyBehaviour, 'clientDataBytes'> => ({
  clientDataBytes: () => utf8(text),
})
const [UP, UV, BE, BS, AT, ED] = [1, 4, 8, 16, 64, 128] as const

describe('the passkey verifier accepts', () => {
  it.each<[string, PasskeyBehaviour]>([
    ['with a low s', { s: 'low' }],
    ['with a high s', { s: 'high' }],
    ['of a synchronized passkey', { flags: UP | UV | BE | BS }],
    ['that could be', { flags: UP | UV | BE }],
    ['with data of an extension', { flags: UP | UV | ED, extensions: Uint8Array.of(0xa0) }],
    [
      'with unknown members of the client data',
      { clientData: { other_keys_can_be_added_here: 'x', tokenBinding: {} } },
    ],
    ['without the member crossOrigin', { clientData: { crossOrigin: undefined } }],
  ])('%s', async (_, behaviour) => {
    const cacao = await signedByPasskey(passkeys, behaviour)
    expect(await verify(structuredClone(cacao))).toEqual(cacao)
  })
})

const REFUSED: readonly [string, 'SIGNATURE' | 'DOMAIN', PasskeyBehaviour][] = [
  ['an assertion for a registration', 'SIGNATURE', { clientData: { type: 'webauthn.create' } }],
  ['an assertion for a payment', 'SIGNATURE', { clientData: { type: 'payment.get' } }],
  ['another challenge', 'SIGNATURE', { clientData: { challenge: 'AAAA' } }],
  ['no challenge', 'SIGNATURE', { clientData: { challenge: undefined } }],
  ['client data that are no JSON', 'SIGNATURE', json('{')],
  ['client data that are no object', 'SIGNATURE', json('null')],
  ['no UTF-8', 'SIGNATURE', { clientDataBytes: (bytes) => concat(bytes, Uint8Array.of(255)) }],
  ['a byte order mark', 'SIGNATURE', { clientDataBytes: (bytes) => concat(utf8('\ufeff'), bytes) }],
  ['another origin', 'DOMAIN', { clientData: { origin: 'https://evil.example.com' } }],
  ['another port', 'DOMAIN', { clientData: { origin: `${ORIGIN}:8443` } }],
  ['the origin without https', 'DOMAIN', { clientData: { origin: ORIGIN.replace('https', 'http') } }],
  ['the origin with a path', 'DOMAIN', { clientData: { origin: `${ORIGIN}/` } }],
  ['no origin', 'DOMAIN', { clientData: { origin: undefined } }],
  ["another site's frame", 'DOMAIN', { clientData: { crossOrigin: true } }],
  ['a frame that denies it', 'DOMAIN', { clientData: { topOrigin: 'https://evil.example.com' } }],
  ['a wrong crossOrigin member', 'DOMAIN', { clientData: { crossOrigin: 'false' } }],
  ['no user presence', 'SIGNATURE', { flags: UV }],
  ['no user verification', 'SIGNATURE', { flags: UP }],
  ['a new credential', 'SIGNATURE', { flags: UP | UV | AT }],
  ['backed up but not able to be', 'SIGNATURE', { flags: UP | UV | BS }],
  ['extensions without their flag', 'SIGNATURE', { extensions: Uint8Array.of(0xa0) }],
  ['the flag without extensions', 'SIGNATURE', { flags: UP | UV | ED }],
  ['extensions that are no map', 'SIGNATURE', { flags: UP | UV | ED, extensions: Uint8Array.of(0x80) }],
  ['truncated authenticator data', 'SIGNATURE', { authData: (data) => data.slice(0, 36) }],
]

describe('the passkey verifier refuses', () => {
  it.each(REFUSED)('%s', async (_, code, behaviour) => {
    const cacao = await signedByPasskey(passkeys, behaviour)
    await expectCode(`ERR_CAPABILITY_${code}`, () => verify(cacao))
    await verify(await signedByPasskey(passkeys))
  })

  it('an assertion made for another capability or by another passkey', async () => {
    const [one, other] = [
      await signedByPasskey(passkeys),
      await signedByPasskey(passkeys, {}, { nonce: 'anothernonce1' }),
    ]
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify({ ...other, s: one.s }))
    const iss = await makeResident(passkeys)
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify({ ...one, p: { ...one.p, iss } }))
  })

  it('an issuer that is no passkey', async () => {
    const { h, p, s } = await signedByPasskey(passkeys)
    for (const iss of ['did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3', 'did:key:zDnnonsense'])
      await expectCode('ERR_CAPABILITY_ISSUER', () => verify({ h, p: { ...p, iss }, s }))
  })
})

describe('a passkey may sign', () => {
  const at = (origin: string, rpId?: string): Promise<Cacao> =>
    signedByPasskey(new TestPasskeys(origin, rpId))

  it.each([
    ['http://localhost', undefined],
    ['http://localhost:5173', undefined],
    ['http://app.localhost:5173', undefined],
    ['https://app.example.com:8443', undefined],
    ['https://app.example.com', 'example.com'],
  ])('%s, for %s', async (origin, rpId) => {
    await verify(await at(origin, rpId))
  })

  it.each([
    ['http://app.example.com', undefined],
    ['http://localhost.example.com', undefined],
    ['http://notlocalhost', undefined],
    ['https://app.example.com', 'other.example.com'],
    ['https://app.example.com', 'sub.app.example.com'],
    ['https://app.example.com', 'com'],
    ['https://app.example.com', 'ample.com'],
  ])('not %s, for %s', async (origin, rpId) => {
    const cacao = await at(origin, rpId)
    await expectCode('ERR_CAPABILITY_DOMAIN', () => verify(cacao))
  })

  it('only for the origins and rpIds in the server’s options, besides', async () => {
    const related = await at('https://app.example.org', 'example.com')
    await verify(related, { rpIds: ['example.com'] })
    await expectCode('ERR_CAPABILITY_DOMAIN', () => verify(related, { rpIds: ['example.net'] }))
    const local = await signedByPasskey(
      new TestPasskeys('http://localhost:5173'),
      {},
      { domain: 'localhost' },
    )
    await verify(local, { origins: ['http://localhost:5173'] })
    await expectCode('ERR_CAPABILITY_DOMAIN', () => verify(local, { origins: ['http://localhost:5174'] }))
    const unverified = await signedByPasskey(passkeys, { flags: UP })
    await verify(unverified, { requireUserVerification: false })
    const absent = await signedByPasskey(passkeys, { flags: UV })
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(absent, { requireUserVerification: false }))
    expect(() => webauthnVerifiers({ origins: ORIGIN as never })).toThrow(TypeError)
    expect(() => webauthnVerifiers({ rpIds: [''] })).toThrow(TypeError)
  })

  it('not for an origin with a very long name, which is refused quickly', async () => {
    const cacao = await at(`https://${'a.'.repeat(8000)}example.com`)
    await expectCode('ERR_CAPABILITY_DOMAIN', () => verify(cacao))
  })
})

it('the passkey verifier checks the dates for callers that leave them to it', async () => {
  const cacao = await signedByPasskey(passkeys, {}, { exp: '2024-07-01T00:00:00Z' })
  const check = webauthnVerifiers()['webauthn:p256']
  await expectCode('ERR_CAPABILITY_EXPIRED', () => check(cacao, {}))
  await check(cacao, { atTime: new Date('2024-06-20T00:00:00Z') })
  await check(cacao, { disableExpirationCheck: true })
})
