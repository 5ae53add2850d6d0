import { describe, expect, it } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { describeWith, fixture, fixtureNames } from '../setup/fixtures.js'
import { ACCOUNT_A, KEY_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const verifiers = ethereumVerifiers()
const auth = ethereumAuth(KEY_A, undefined, { domain: 'script.example' })
const decode = (
  text: string,
): { sessionKeySeed: string; cacao: { h: object; p: Record<string, unknown>; s: Record<string, unknown> } } =>
  JSON.parse(fromUtf8(fromBase64url(text) ?? new Uint8Array()) ?? '')
const encode = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)))

describe('a session in a string', () => {
  it('is read back with the same key, account and capability', async () => {
    const session = await DIDSession.authorize(auth, { resources })
    expect(session.persistence).toBe('none')
    expect(session.keyDID).toMatch(/^did:key:z6Mk/)
    const again = await DIDSession.fromSession(session.serialize(), { verifiers })
    expect([again.id, again.keyDID, again.cacao]).toEqual([session.id, session.keyDID, session.cacao])
    expect(again.serialize()).toBe(session.serialize())
    expect(await again.sign(new Uint8Array(1))).toHaveLength(64)
  })

  it('has a new key each time', async () => {
    const [one, two] = [
      await DIDSession.authorize(auth, { resources }),
      await DIDSession.authorize(auth, { resources }),
    ]
    expect(one.keyDID).not.toBe(two.keyDID)
  })

  it('can not be made of a key that can not be exported', async () => {
    const session = await DIDSession.get(
      ACCOUNT_A,
      ethereumAuth(testWallet().provider, ACCOUNT_A, { domain: 'a.example' }),
      { resources },
    )
    await expectCode('ERR_NOT_SERIALIZABLE', () => session.serialize())
  })

  it('loads after its expiry, to show the account, but refuses to sign', async () => {
    const session = await DIDSession.authorize(auth, { resources, expiresInSecs: 60 })
    const now = (): number => Date.now() + 60_000
    const expired = await DIDSession.fromSession(session.serialize(), { verifiers, now })
    expect(expired.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(expired.isExpired).toBe(true)
    expect(expired.isAuthorized()).toBe(false)
    expect(expired.expiresInSecs).toBe(0)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => expired.sign(new Uint8Array(1)))
  })

  it('may have no expiry, if did-session 4 made it so', async () => {
    const { sessionKeySeed, cacao } = decode((await DIDSession.authorize(auth, { resources })).serialize())
    const { exp: _, ...p } = cacao.p
    const session = await DIDSession.fromSession(encode({ sessionKeySeed, cacao: { ...cacao, p } }))
    expect(session.expiresInSecs).toBe(Number.POSITIVE_INFINITY)
    expect(session.expiresAt).toBeUndefined()
    expect(session.isExpired).toBe(false)
  })

  it('encodes bytes as DAG-JSON', async () => {
    const { sessionKeySeed, cacao } = decode((await DIDSession.authorize(auth, { resources })).serialize())
    const s = { t: 'webauthn:p256', s: 'c2ln', m: { aad: { '/': { bytes: 'AQID' } } } }
    const session = await DIDSession.fromSession(encode({ sessionKeySeed, cacao: { ...cacao, s } }))
    expect(session.cacao.s.m?.aad).toEqual(Uint8Array.of(1, 2, 3))
    const written = session.serialize()
    expect(decode(written).cacao.s).toEqual(s)
    expect((await DIDSession.fromSession(written)).cacao).toEqual(session.cacao)
  })
})

describe('a session string', async () => {
  const genuine = (await DIDSession.authorize(auth, { resources })).serialize()
  const { sessionKeySeed, cacao } = decode(genuine)
  const foreign = decode(
    (
      await DIDSession.authorize(ethereumAuth(KEY_B, undefined, { domain: 'x.example' }), { resources })
    ).serialize(),
  )
  const change = (changes: object): string =>
    encode({ sessionKeySeed, cacao: { ...cacao, p: { ...cacao.p, ...changes } } })

  it.each([
    ['that is empty', ''],
    ['of white space', '  '],
    ['with white space at its end', `${genuine}\n`],
    ['with padding', `${genuine}==`],
    ['that is truncated', genuine.slice(0, -5)],
    ['of JSON itself', JSON.stringify({ sessionKeySeed, cacao })],
    ['of something else than JSON', toBase64url(utf8('session'))],
    ['of bytes that are not UTF-8', toBase64url(Uint8Array.of(0xff, 0xfe))],
    ['of null', encode(null)],
    ['of a list', encode([sessionKeySeed, cacao])],
    ['without a seed', encode({ cacao })],
    ['with a seed of 31 bytes', encode({ sessionKeySeed: btoa('x'.repeat(31)), cacao })],
    ['with a seed in base64url', encode({ sessionKeySeed: sessionKeySeed.slice(0, -1), cacao })],
    ['with a number for a seed', encode({ sessionKeySeed: 7, cacao })],
    ['with a member too many', encode({ sessionKeySeed, cacao, more: 1 })],
    [
      'with __proto__ as a member',
      toBase64url(utf8(`{"__proto__":{},${JSON.stringify({ sessionKeySeed, cacao }).slice(1)}`)),
    ],
  ])('%s is refused', async (_, text) => {
    const error = await expectCode('ERR_SESSION_STRING', () => DIDSession.fromSession(text))
    expect(error.message).not.toContain(sessionKeySeed.slice(0, 8))
  })

  it.each([
    ['no capability', encode({ sessionKeySeed }), 'ERR_CAPABILITY_INVALID'],
    ['garbage for exp', change({ exp: 'garbage' }), 'ERR_CAPABILITY_INVALID'],
    ['a number for exp', change({ exp: 4102444800 }), 'ERR_CAPABILITY_INVALID'],
    ['a member of the payload too many', change({ admin: 'yes' }), 'ERR_CAPABILITY_INVALID'],
    [
      'the seed of another session',
      encode({ sessionKeySeed: foreign.sessionKeySeed, cacao }),
      'ERR_CAPABILITY_AUDIENCE',
    ],
    ["another account's name", change({ iss: foreign.cacao.p['iss'] }), 'ERR_CAPABILITY_SIGNATURE'],
    ['an additional resource', change({ resources: [...resources, 'all://*'] }), 'ERR_CAPABILITY_SIGNATURE'],
    ['a later expiry', change({ exp: '2999-01-01T00:00:00.000Z' }), 'ERR_CAPABILITY_SIGNATURE'],
    [
      'the signature of another',
      encode({ sessionKeySeed, cacao: { ...cacao, s: foreign.cacao.s } }),
      'ERR_CAPABILITY_SIGNATURE',
    ],
    [
      'an unknown signature type',
      encode({ sessionKeySeed, cacao: { ...cacao, s: { t: 'other', s: 'x' } } }),
      'ERR_CAPABILITY_UNSUPPORTED',
    ],
  ] as const)('with %s is refused', async (_, text, code) => {
    const error = await expectCode(code, () => DIDSession.fromSession(text, { verifiers }))
    expect(error.message).not.toContain(String(cacao.s['s']).slice(2, 20))
  })

  it.each(['\n', '\r\n', ' '])(
    'with %j at its end, as files have it, is refused with the reason',
    async (end) => {
      const text = (await DIDSession.authorize(auth, { resources })).serialize()
      const { message } = await expectCode('ERR_SESSION_STRING', () => DIDSession.fromSession(text + end))
      expect(message).toContain('it has spaces or line breaks around it')
      await DIDSession.fromSession(`${text}${end}`.trim())
      const cut = await expectCode('ERR_SESSION_STRING', () => DIDSession.fromSession(text.slice(0, -9)))
      expect(cut.message).toContain('it is not base64url of JSON')
    },
  )

  it('that is not yet valid is refused', async () => {
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () =>
      DIDSession.fromSession(change({ nbf: '2999-01-01T00:00:00Z' })),
    )
  })

  it.each([undefined, null, 7, {}])('must be a string: %j is a TypeError', async (value) => {
    expect(await failureOf(() => DIDSession.fromSession(value as unknown as string))).toBeInstanceOf(
      TypeError,
    )
  })
})

interface SessionFixture {
  serialized: string
  accountId: string
  sessionDid: string
  clock: string
  incumbentSays: { isAuthorized: boolean; isExpired: boolean; authorizations: string[] }
}
const names = fixtureNames('did-session-4/session-')
describeWith('a session string of did-session 4', names.length > 0 ? names : undefined, (all) => {
  it.each(all)('%s is read, verified and written again without a change', async (name) => {
    const { serialized, accountId, sessionDid, incumbentSays } = (await fixture<SessionFixture>(
      name,
    )) as SessionFixture
    const session = await DIDSession.fromSession(serialized, { verifiers })
    expect(session.serialize()).toBe(serialized)
    expect(session.id).toBe(`did:pkh:${accountId}`)
    expect(session.isExpired).toBe(incumbentSays.isExpired)
    expect(session.isAuthorized()).toBe(incumbentSays.isAuthorized)
    expect(session.authorizations).toEqual(incumbentSays.authorizations)
    if (sessionDid) expect(session.keyDID).toBe(sessionDid)
  })
})
