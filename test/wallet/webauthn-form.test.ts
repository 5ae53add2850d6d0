import { describe, expect, it } from 'vitest'
import { concat, utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { decodeAAD, encodeDagCBOR } from '../../src/capability/cid.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { rawOfDER } from '../../src/key/ecdsa.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { keyVerifiers } from '../../src/wallet/key/index.js'
import { webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import { describeAttacks } from '../setup/attack-capability.js'
import { derOf } from '../setup/der.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { TestPasskeys } from '../setup/passkey.js'
import { makeResident, signedByPasskey } from '../setup/passkey-capability.js'
import { ORIGIN } from '../setup/with-passkeys.js'

const verify = (cacao: unknown): Promise<Cacao> => verifyCacao(cacao, { verifiers: webauthnVerifiers() })
const genuine = (): Promise<Cacao> => signedByPasskey(new TestPasskeys(ORIGIN))

describe("the form of a passkey's capability", () => {
  const withAAD = (cacao: Cacao, aad: Uint8Array): object => ({ ...cacao, s: { ...cacao.s, m: { aad } } })

  it('of its signed data is canonical CBOR of two members', async () => {
    const cacao = await genuine()
    const aad = cacao.s.m?.aad ?? new Uint8Array()
    const { authData, clientDataJSON } = decodeAAD(aad) ?? { authData: aad, clientDataJSON: aad }
    await verify(withAAD(cacao, encodeDagCBOR({ clientDataJSON, authData })))
    const map = (...parts: Uint8Array[]): Uint8Array =>
      concat(Uint8Array.of(0xa0 + parts.length / 2), ...parts)
    const [first, second] = [utf8('hauthData'), utf8('nclientDataJSON')]
    const bytes = encodeDagCBOR(clientDataJSON)
    const long = concat(Uint8Array.of(0x59, 0, authData.length), authData)
    const indefinite = concat(Uint8Array.of(0x5f), encodeDagCBOR(authData), Uint8Array.of(0xff))
    const others = [
      ...[
        encodeDagCBOR({}),
        encodeDagCBOR({ authData }),
        encodeDagCBOR({ authData, clientDataJSON, a: 'b' }),
      ],
      ...[encodeDagCBOR({ authData, clientDataJSON: 'text' }), encodeDagCBOR([authData, clientDataJSON])],
      ...[map(second, bytes, first, encodeDagCBOR(authData)), map(first, long, second, bytes)],
      ...[
        map(first, indefinite, second, bytes),
        concat(aad, Uint8Array.of(0)),
        aad.slice(0, -1),
        aad.slice(0, 11),
      ],
    ]
    for (const other of others)
      await expectCode('ERR_CAPABILITY_INVALID', () => verify(withAAD(cacao, other)))
    await expectCode('ERR_CAPABILITY_INVALID', () => verify({ ...cacao, s: { t: cacao.s.t, s: cacao.s.s } }))
  })

  it('of its signature is DER in base64url', async () => {
    const cacao = await genuine()
    const der = fromBase64url(String(cacao.s.s)) ?? new Uint8Array()
    const raw = rawOfDER(der) ?? new Uint8Array()
    for (const s of [toBase64url(raw), raw, der, toBase64url(concat(der, new Uint8Array(100)))])
      await expectCode('ERR_CAPABILITY_INVALID', () => verify({ ...cacao, s: { ...cacao.s, s } }))
    const none = toBase64url(derOf(0n, 1n))
    await expectCode('ERR_CAPABILITY_INVALID', () => verify({ ...cacao, s: { ...cacao.s, s: none } }))
  })

  it('of its header and type is fixed', async () => {
    const cacao = await signedByPasskey(new TestPasskeys(ORIGIN), {}, {}, { t: 'eip4361' })
    await expectCode('ERR_CAPABILITY_INVALID', () => verify(cacao))
    const { h, p, s } = await genuine()
    const check = webauthnVerifiers()['webauthn:p256']
    await check({ h, p, s }, {})
    await expectCode('ERR_CAPABILITY_INVALID', () => check({ h, p, s: { ...s, t: 'webauthn:p384' } }, {}))
  })

  it('is protected by the signature, in every byte of its content', async () => {
    const cacao = await genuine()
    const aad = cacao.s.m?.aad ?? new Uint8Array()
    const { authData, clientDataJSON } = decodeAAD(aad) ?? { authData: aad, clientDataJSON: aad }
    expect(authData.length + clientDataJSON.length).toBeGreaterThan(150)
    for (let i = 0; i < authData.length + clientDataJSON.length; i++) {
      const [first, second] = [authData.slice(), clientDataJSON.slice()]
      const [part, at] = i < first.length ? [first, i] : [second, i - first.length]
      part[at] = (part[at] ?? 0) ^ 1
      const changed = encodeDagCBOR({ authData: first, clientDataJSON: second })
      expect(await failureOf(() => verify(withAAD(cacao, changed)))).toMatchObject({
        code: 'ERR_CAPABILITY_SIGNATURE',
      })
    }
  })
})

describeAttacks('passkeys', async () => ({
  cacao: await signedByPasskey(
    new TestPasskeys(ORIGIN),
    {},
    { aud: await makeResident(new TestPasskeys(ORIGIN)) },
  ),
  verifiers: { ...ethereumVerifiers(), ...keyVerifiers(), ...webauthnVerifiers() },
  otherIssuer: await makeResident(new TestPasskeys(ORIGIN)),
  now: () => Date.now(),
}))
