import { EthereumNodeAuth, getEIP191Verifier } from '@didtools/pkh-ethereum'
import { DID } from 'dids'
import { beforeEach, describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import type { AuthMethod } from '../../src/capability/auth-method.js'
import { documentOf } from '../../src/compat/did.js'
import {
  AccountId,
  cacaoContainsResources,
  createDIDCacao,
  createDIDKey,
  getAccountIdByDID,
  DIDSession as OldSession,
} from '../../src/compat/did-session.js'
import { toDID } from '../../src/compat/dids.js'
import { encodeDIDKey } from '../../src/key/did-key.js'
import { canSign } from '../../src/key/generate-key.js'
import { sessionKeyOfPair } from '../../src/key/session-key.js'
import { DIDSession } from '../../src/session/did-session.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { describeWith, fixture, fixtureNames } from '../setup/fixtures.js'
import { clearOrigin } from '../setup/origin.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A } from '../setup/wallet.js'

const resources = ['ceramic://*']
const keyAuth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const payload = { b: 1, a: { z: [3, 2, 1], y: 'text ✓' } }
const account = { toString: () => `eip155:1:${ADDRESS_A}` }
type Capability = Parameters<DID['withCapability']>[0]
const KEYS_DID = 'did:key:zDnaesvFv4WzQ73zPin4Yzkp8reDSe7Bvb6sN3QtRdjoNsYbW'

// Plain dids, set up like any receiver would; it only needs a resolver.
async function plainDID(): Promise<DID> {
  const { didKeyResolver } = await import('../../src/compat/did.js')
  return new DID({ resolver: didKeyResolver })
}

beforeEach(clearOrigin)

describe('toDID', () => {
  const sessions: [string, () => Promise<DIDSession>][] = [
    ['a P-256 session', () => DIDSession.get(ACCOUNT_A, keyAuth, { resources })],
    ['an Ed25519 session', () => DIDSession.get(ACCOUNT_A, keyAuth, { resources, keyType: 'Ed25519' })],
    [
      'a session from a string',
      async () => DIDSession.fromSession((await DIDSession.authorize(keyAuth, { resources })).serialize()),
    ],
  ]

  it.each(sessions)('returns a real DID for %s, whose JWS plain dids verifies', async (_, make) => {
    const session = await make()
    const did = await toDID(session)
    expect(did).toBeInstanceOf(DID)
    expect(did.authenticated).toBe(true)
    expect([did.id, did.parent]).toEqual([session.keyDID, session.id])
    const jws = await did.createJWS(payload)
    const options = { issuer: session.id, capability: session.cacao as Capability }
    for (const verifiers of [getEIP191Verifier(), ethereumVerifiers()]) {
      const result = await (await plainDID()).verifyJWS(jws, {
        ...options,
        verifiers: verifiers as ReturnType<typeof getEIP191Verifier>,
      })
      expect(result.payload).toEqual(payload)
    }
    const { jws: dagJws } = await did.createDagJWS(payload)
    await expect((await plainDID()).verifyJWS(dagJws, options)).resolves.toBeDefined()
    const [first] = jws.signatures
    const forged = { ...jws, payload: `${jws.payload.slice(0, -2)}AA`, signatures: [first] } as typeof jws
    await expect((await plainDID()).verifyJWS(forged, options)).rejects.toThrow()
  })

  it('verifies a JWS of another session', async () => {
    const [one, two] = [
      await toDID(await DIDSession.authorize(keyAuth, { resources })),
      await toDID(await DIDSession.get(ACCOUNT_A, keyAuth, { resources })),
    ]
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      expect((await to.verifyJWS(await from.createJWS(payload))).payload).toEqual(payload)
    }
  })

  it('always verifies a capability that is passed, with an issuer or without', async () => {
    const session = await DIDSession.get(ACCOUNT_A, keyAuth, { resources })
    const did = await toDID(session)
    const jws = await did.createJWS(payload)
    const forged = { ...session.cacao, p: { ...session.cacao.p, iss: `did:pkh:${ACCOUNT_B}` } } as Capability
    const other = (await DIDSession.authorize(keyAuth, { resources })).cacao as Capability
    for (const receiver of [did, did.withCapability(session.cacao as Capability)]) {
      await expect(
        receiver.verifyJWS(jws, { capability: session.cacao as Capability }),
      ).resolves.toMatchObject({ payload })
      for (const capability of [forged, other])
        await expectCode('ERR_JWS_INVALID', () => receiver.verifyJWS(jws, { capability }))
      const expired = { capability: session.cacao as Capability, atTime: new Date('2100-01-01') }
      await expectCode('ERR_CAPABILITY_EXPIRED', () => receiver.verifyJWS(jws, expired))
      await expect(receiver.verifyJWS(jws, { ...expired, disableTimecheck: true })).resolves.toBeDefined()
    }
  })

  it('verifies with the session key as the issuer, and during revocationPhaseOutSecs after the expiry', async () => {
    const session = await DIDSession.get(ACCOUNT_A, keyAuth, { resources, expiresInSecs: 60 })
    const did = await toDID(session)
    const jws = await did.createJWS(payload)
    const capability = session.cacao as Capability
    const other = (await DIDSession.authorize(keyAuth, { resources })).cacao as Capability
    for (const options of [{ issuer: session.keyDID }, { issuer: session.keyDID, capability }])
      await expect(did.verifyJWS(jws, options)).resolves.toMatchObject({ payload })
    for (const options of [{ issuer: other.p.aud }, { issuer: other.p.aud, capability }])
      await expectCode('ERR_CAPABILITY_ISSUER', () => did.verifyJWS(jws, options))
    await expectCode('ERR_JWS_INVALID', () => did.verifyJWS(jws, { issuer: other.p.aud, capability: other }))

    const end = Date.parse(capability.p.exp ?? '')
    const sinceEnd = (ms: number, revocationPhaseOutSecs?: number) => ({
      capability,
      atTime: new Date(end + ms),
      ...(revocationPhaseOutSecs !== undefined && { revocationPhaseOutSecs }),
    })
    for (const options of [sinceEnd(-1), sinceEnd(-1, 0), sinceEnd(0, 30), sinceEnd(29_999, 30)])
      await expect(did.verifyJWS(jws, options)).resolves.toMatchObject({ payload })
    for (const options of [sinceEnd(0), sinceEnd(0, 0), sinceEnd(30_000, 30), sinceEnd(-600_000, 30)])
      await expectCode(
        options.atTime.getTime() < end ? 'ERR_CAPABILITY_NOT_YET_VALID' : 'ERR_CAPABILITY_EXPIRED',
        () => did.verifyJWS(jws, options),
      )
    // Our verifiers know it too, for receivers that use dids itself.
    const plain = await plainDID()
    const verifiers = ethereumVerifiers()
    for (const options of [sinceEnd(-1), sinceEnd(0, 30), sinceEnd(29_999, 30)])
      await expect(plain.verifyJWS(jws, { ...options, issuer: session.id, verifiers })).resolves.toBeDefined()
    for (const options of [sinceEnd(0), sinceEnd(0, -1), sinceEnd(0, Number.NaN), sinceEnd(30_000, 30)])
      await expectCode('ERR_CAPABILITY_EXPIRED', () =>
        plain.verifyJWS(jws, { ...options, issuer: session.id, verifiers }),
      )
    for (const wrong of [-1, Number.NaN])
      expect(await failureOf(() => did.verifyJWS(jws, sinceEnd(0, wrong)))).toBeInstanceOf(TypeError)
  })

  it('verifies with disableTimecheck, as dids does, also if the capability began long after its date', async () => {
    const didKey = await createDIDKey()
    const hours = (count: number): string => new Date(Date.now() + count * 3_600_000).toISOString()
    const times = { issuedAt: hours(-3), notBefore: hours(-2), expirationTime: hours(1) }
    const capability = (await keyAuth({ uri: didKey.id, resources, ...times })) as Capability
    const did = await createDIDCacao(didKey, capability)
    const jws = await did.createJWS(payload)
    const issuer = capability.p.iss
    for (const receiver of [did, await plainDID()])
      for (const disableTimecheck of [true, false])
        await expect(
          receiver.verifyJWS(jws, { issuer, capability, disableTimecheck }),
        ).resolves.toMatchObject({ payload })
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () =>
      did.verifyJWS(jws, { capability, atTime: new Date(hours(-2.5)) }),
    )
  })

  it('refuses a malformed capability with a code', async () => {
    const session = await DIDSession.get(ACCOUNT_A, keyAuth, { resources })
    const did = await toDID(session)
    const jws = await did.createJWS(payload)
    for (const capability of [{}, null, 1, { p: {} }, { ...session.cacao, p: { aud: session.keyDID } }])
      await expectCode('ERR_CAPABILITY_INVALID', () =>
        did.verifyJWS(jws, { capability: capability as Capability }),
      )
  })

  it('signs nothing for an expired session', async () => {
    const text = (await DIDSession.authorize(keyAuth, { resources, expiresInSecs: 60 })).serialize()
    const expired = await DIDSession.fromSession(text, { now: () => Date.now() + 60_000 })
    await expectCode('ERR_CAPABILITY_EXPIRED', () => toDID(expired))
  })

  it('refuses to decrypt, as did-session does with keys that only sign', async () => {
    const did = await toDID(await DIDSession.get(ACCOUNT_A, keyAuth, { resources }))
    await expect(did.decryptJWE({} as never)).rejects.toThrow('Decryption not supported')
  })

  // About one P-256 key in 128 has a coordinate that begins with a zero byte. These are small multiples of the base.
  it.each([
    ['x', 379, 'did:key:zDnaeQTGTHH4KCaRePbVcze5hqVjN4tw1KQoVuR9rPiMTT9Bw'],
    ['y', 43, 'did:key:zDnaesvFv4WzQ73zPin4Yzkp8reDSe7Bvb6sN3QtRdjoNsYbW'],
  ] as const)('keeps the zero with which %s begins', async (name, scalar, did) => {
    const publicKeyJwk = documentOf(did)?.verificationMethod?.[0]?.publicKeyJwk
    expect(fromBase64url(publicKeyJwk?.[name] ?? '')).toHaveLength(32)
    expect(fromBase64url(publicKeyJwk?.[name] ?? '')?.[0]).toBe(0)
    const { x = '', y = '' } = publicKeyJwk ?? {}
    const jwk = { kty: 'EC', crv: 'P-256', x, y }
    const d = toBase64url(
      Uint8Array.from({ length: 32 }, (_, i) => (scalar >> (8 * (31 - i))) & (i < 28 ? 0 : 255)),
    )
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
    const publicKey = await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify'])
    const privateKey = await crypto.subtle.importKey('jwk', { ...jwk, d }, algorithm, false, ['sign'])
    const key = await sessionKeyOfPair({ publicKey, privateKey })
    expect(key?.did).toBe(did)
    expect(key && (await canSign(key))).toBe(true)
  })
})

describe("@didtools' own auth method", () => {
  it('works with get and authorize', async () => {
    const wallet = testWallet()
    const { AccountId } = await import('caip')
    const accountId = new AccountId(ACCOUNT_A)
    const authMethod = await EthereumNodeAuth.getAuthMethod(wallet.provider, accountId, 'app.example')
    const options = { resources, verifiers: ethereumVerifiers() }
    const session = await DIDSession.get(accountId, authMethod, options)
    expect(session.cacao.p.domain).toBe('app.example')
    expect((await DIDSession.get(accountId, authMethod, options)).keyDID).toBe(session.keyDID)
    expect(wallet.prompts).toBe(1)
    const other = await DIDSession.authorize(authMethod, options)
    const { verifiers } = options
    expect((await DIDSession.fromSession(other.serialize(), { verifiers })).id).toBe(session.id)
  })

  it('a rejection of the user has our error code', async () => {
    const wallet = testWallet()
    wallet.behaviour = { throws: { code: 4001, message: 'User rejected the request.' } }
    const { AccountId } = await import('caip')
    const authMethod = await EthereumNodeAuth.getAuthMethod(
      wallet.provider,
      new AccountId(ACCOUNT_A),
      'app.example',
    )
    await expectCode('ERR_AUTH_REJECTED', () => DIDSession.get(ACCOUNT_A, authMethod, { resources }))
  })
})

describe('the drop-in for did-session 4', () => {
  it('gets, keeps and removes sessions with a synchronous did', async () => {
    const wallet = testWallet()
    const authMethod = ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
    expect(await OldSession.hasSessionFor(account, resources)).toBe(false)
    const session = await OldSession.get(account, authMethod, { resources, expiresInSecs: 3600 })
    expect(session.did).toBeInstanceOf(DID)
    expect(session.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(session.hasSession).toBe(true)
    expect(session.isExpired).toBe(false)
    expect(session.expireInSecs).toBeGreaterThan(3000)
    expect(session.authorizations).toEqual(resources)
    expect(session.isAuthorized(resources)).toBe(true)
    expect(session.isAuthorized(['ceramic://a'])).toBe(false)
    for (const none of [undefined, null, []]) expect(session.isAuthorized(none as string[])).toBe(true)
    expect((await session.did.createJWS(payload)).signatures).toHaveLength(1)
    await expectCode('ERR_NOT_SERIALIZABLE', () => session.serialize())
    expect((await OldSession.get(account, authMethod, { resources })).did.id).toBe(session.did.id)
    expect(await OldSession.hasSessionFor(account, resources)).toBe(true)
    await OldSession.remove(account)
    expect(await OldSession.hasSessionFor(account, resources)).toBe(false)
    expect(wallet.prompts).toBe(1)
  })

  it('authorizes, serializes and reads sessions', async () => {
    const session = await OldSession.authorize(keyAuth, { resources })
    const again = await OldSession.fromSession(session.serialize())
    expect(again.did.id).toBe(session.did.id)
    expect(again.serialize()).toBe(session.serialize())
    expect(await failureOf(() => OldSession.authorize(keyAuth))).toBeInstanceOf(TypeError)
  })

  it('has every resource that it was asked for, also if a stored session covers them', async () => {
    const wallet = testWallet()
    const authMethod = ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
    const narrow = ['ceramic://*?model=a', 'ceramic://b']
    const broad = await OldSession.get(account, authMethod, { resources })
    expect(await OldSession.hasSessionFor(account, narrow)).toBe(false)
    const session = await OldSession.get(account, authMethod, { resources: narrow })
    expect(session.isAuthorized(narrow)).toBe(true)
    expect(cacaoContainsResources(session.cacao, narrow)).toBe(true)
    // Before, the person had granted more, which the new session keeps, so there are no prompts by turns.
    for (const asked of [narrow, resources, [...resources, ...narrow]]) {
      expect(await OldSession.hasSessionFor(account, asked)).toBe(true)
      expect((await OldSession.get(account, authMethod, { resources: asked })).did.id).toBe(session.did.id)
    }
    expect(wallet.prompts).toBe(2)
    await expect(broad.did.createJWS(payload)).resolves.toBeDefined()
    expect(await OldSession.hasSessionFor(account, ['ceramic://c'])).toBe(false)
    expect(await OldSession.hasSessionFor(account, [])).toBe(true)
  })

  it('requires resources, with the same message as did-session', async () => {
    const asked = [undefined, {}, { resources: [] }]
    for (const options of asked) {
      const calls = [
        () => OldSession.authorize(keyAuth, options),
        () => OldSession.get(account, keyAuth, options),
      ]
      for (const call of calls) {
        const error = await failureOf(call)
        expect(error).toBeInstanceOf(TypeError)
        expect(String(error)).toContain('Required: resource argument option when authorizing')
      }
    }
  })

  it.each([-1, -86_400])('returns an expired session for expiresInSecs: %d', async (expiresInSecs) => {
    const wallet = testWallet()
    const { AccountId } = await import('caip')
    const accountId = new AccountId(ACCOUNT_A)
    const methods = [
      ethereumAuth(wallet.provider, undefined, { domain: 'app.example' }),
      await EthereumNodeAuth.getAuthMethod(wallet.provider, accountId, 'app.example'),
    ]
    for (const authMethod of methods) {
      const options = { resources, expiresInSecs }
      const made = [
        await OldSession.get(accountId, authMethod, options),
        await OldSession.authorize(authMethod, options),
      ]
      for (const session of made) {
        expect([session.isExpired, session.expireInSecs, session.isAuthorized()]).toEqual([true, 0, false])
        expect(session.id.toLowerCase()).toBe(`did:pkh:${ACCOUNT_A}`.toLowerCase())
        await expect(session.did.createJWS(payload)).rejects.toThrow('expired')
      }
      expect((await OldSession.fromSession(made[1]?.serialize() ?? '')).isExpired).toBe(true)
      expect(await OldSession.hasSessionFor(accountId, resources)).toBe(false)
      const valid = await OldSession.get(accountId, authMethod, { resources })
      expect(valid.isExpired).toBe(false)
      // Like did-session, it resumes the stored session, whatever lifetime a new session would have.
      expect((await OldSession.get(accountId, authMethod, options)).did.id).toBe(valid.did.id)
      await OldSession.remove(accountId)
    }
  })

  it('returns an expired session for an expirationTime in the past, unless expiresInSecs says otherwise', async () => {
    const expirationTime = new Date(Date.now() - 60_000).toISOString()
    const options = { resources, expirationTime }
    for (const session of [
      await OldSession.get(account, keyAuth, options),
      await OldSession.authorize(keyAuth, options),
    ]) {
      expect([session.isExpired, session.cacao.p.exp]).toEqual([true, expirationTime])
      await expect(session.did.createJWS(payload)).rejects.toThrow('expired')
    }
    expect(await OldSession.hasSessionFor(account, resources)).toBe(false)
    const session = await OldSession.get(account, keyAuth, { ...options, expiresInSecs: 60 })
    expect(session.isExpired).toBe(false)
    expect((await OldSession.get(account, keyAuth, options)).did.id).toBe(session.did.id)
    for (const odd of ['', 'yesterday'])
      expect(
        await failureOf(() => OldSession.authorize(keyAuth, { resources, expirationTime: odd })),
      ).toBeInstanceOf(TypeError)
  })

  it('refuses a capability that is not the requested expired one', async () => {
    const options = { resources, expiresInSecs: -1 }
    const lasting: typeof keyAuth = ({ expirationTime: _, ...opts }) => keyAuth(opts)
    const other: typeof keyAuth = (opts) => keyAuth({ ...opts, uri: KEYS_DID })
    for (const [method, code] of [
      [lasting, 'ERR_CAPABILITY_INVALID'],
      [other, 'ERR_CAPABILITY_AUDIENCE'],
    ] as const) {
      await expectCode(code, () => OldSession.authorize(method, options))
      await expectCode(code, () => OldSession.get(account, method, options))
    }
    const foreign = { toString: () => ACCOUNT_B }
    const anybody: typeof keyAuth = ({ address: _, chainId: __, ...opts }) => keyAuth(opts)
    await expectCode('ERR_CAPABILITY_ISSUER', () => OldSession.get(foreign, anybody, options))
    for (const expiresInSecs of [0, Number.NaN])
      expect(
        await failureOf(() => OldSession.authorize(keyAuth, { resources, expiresInSecs })),
      ).toBeInstanceOf(TypeError)
  })

  it('refuses a string in which someone replaced the account', async () => {
    const { sessionKeySeed, cacao } = JSON.parse(
      atob(
        (await OldSession.authorize(keyAuth, { resources }))
          .serialize()
          .replace(/-/g, '+')
          .replace(/_/g, '/'),
      ),
    )
    const forged = { sessionKeySeed, cacao: { ...cacao, p: { ...cacao.p, iss: `did:pkh:${ACCOUNT_B}` } } }
    const text = btoa(JSON.stringify(forged)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => OldSession.fromSession(text))
  })

  it('can be constructed from its parts', async () => {
    const seed = new Uint8Array(32).fill(9)
    const didKey = await createDIDKey(seed)
    const cacao = await keyAuth({ uri: didKey.id, resources })
    const did = await createDIDCacao(didKey, cacao)
    const session = new OldSession({ keySeed: seed, cacao: cacao as Capability, did })
    expect(session.did).toBe(did)
    expect((await OldSession.fromSession(session.serialize())).did.id).toBe(didKey.id)
    expect((await OldSession.initDID(didKey, cacao)).parent).toBe(session.id)
    await expectCode('ERR_CAPABILITY_AUDIENCE', async () => createDIDCacao(await createDIDKey(), cacao))
  })

  it('adds a capability to a DID that is not authenticated yet, as did-session does', async () => {
    const didKey = await createDIDKey()
    const cacao = await keyAuth({ uri: didKey.id, resources })
    const fresh = didKey.withCapability(cacao as Capability)
    expect(fresh.authenticated).toBe(false)
    for (const did of [await createDIDCacao(fresh, cacao), await OldSession.initDID(fresh, cacao)])
      expect([did.id, did.authenticated]).toEqual([didKey.id, true])
    const other = (await createDIDKey()).withCapability(cacao as Capability)
    await expectCode('ERR_CAPABILITY_AUDIENCE', () => createDIDCacao(other, cacao))
  })

  it('resolves no did:key whose bytes are not a point of the curve', async () => {
    const bytes = (first: number): Uint8Array<ArrayBuffer> =>
      Uint8Array.from({ length: 32 }, (_, i) => (i ? 0 : first))
    const [point, noPoint] = [3, 2].map((first) => encodeDIDKey({ type: 'Ed25519', bytes: bytes(first) }))
    const did = await createDIDKey()
    expect((await did.resolve(point ?? '')).didDocument?.id).toBe(point)
    await expect(did.resolve(noPoint ?? '')).rejects.toThrow('invalidDid')
    await expect(did.createJWE(bytes(1), [noPoint ?? ''])).rejects.toThrow('invalidDid')
  })

  it('decrypts a JWE that was encrypted to the DID of a seed', async () => {
    const did = await createDIDKey(new Uint8Array(32).fill(9))
    expect(await did.decryptDagJWE(await did.createDagJWE(payload, [did.id]))).toEqual(payload)
  })

  it('reports what it cannot decrypt or sign with the code that did-session reports', async () => {
    const did = await createDIDKey(new Uint8Array(32).fill(9))
    const jwe = await did.createDagJWE(payload, [(await createDIDKey()).id])
    await expect(did.decryptDagJWE(jwe)).rejects.toMatchObject({
      code: -32000,
      message: expect.stringMatching(/decrypt/i),
    })
    await expect(did.createJWS({ number: 1n })).rejects.toMatchObject({
      code: -32000,
      message: expect.stringMatching(/BigInt/),
    })
    const { _client: client } = did as unknown as {
      _client: { request(method: string): Promise<unknown>; connection: { send(message: object): unknown } }
    }
    await expect(client.request('did_unknown')).rejects.toMatchObject({ code: -32601 })
    expect(await client.connection.send({ id: 7, method: 'did_unknown' })).toMatchObject({
      id: 7,
      error: { code: -32601 },
    })
  })

  it('resolves the did:key of a secp256k1 key, as did-session does', async () => {
    const did = 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme'
    const id = `${did}#${did.slice('did:key:'.length)}`
    const { didDocument } = await (await createDIDKey()).resolve(did)
    expect(didDocument).toEqual({
      id: did,
      verificationMethod: [
        {
          id,
          type: 'Secp256k1VerificationKey2018',
          controller: did,
          publicKeyBase58: '23o6Sau8NxxzXcgSc3PLcNxrzrZpbLeBn1izfv3jbKhuv',
        },
      ],
      authentication: [id],
      assertionMethod: [id],
      capabilityDelegation: [id],
      capabilityInvocation: [id],
    })
    await expect((await createDIDKey()).resolve(`${did}1`)).rejects.toThrow('invalidDid')
  })

  describe('with an auth method of did-session', () => {
    const names = ['domain', 'statement', 'version', 'nonce', 'requestId', 'expirationTime', 'expiresInSecs']
    const wallet = testWallet()
    const method = async (): Promise<AuthMethod> => {
      const { AccountId } = await import('caip')
      return EthereumNodeAuth.getAuthMethod(wallet.provider, new AccountId(ACCOUNT_A), 'app.example')
    }
    const askBoth = async (options: object): Promise<OldSession[]> => {
      await OldSession.remove(account)
      const authMethod = await method()
      return Promise.all([
        OldSession.authorize(authMethod, { resources, ...options }),
        OldSession.get(account, authMethod, { resources, ...options }),
      ])
    }

    it.each(names)('ignores %s if it is null', async (name) => {
      for (const session of await askBoth({ [name]: null })) {
        expect(session.isAuthorized(resources)).toBe(true)
        expect(session.expireInSecs).toBeGreaterThan(6 * 24 * 3600)
      }
    })

    it('keeps the domain of the auth method, whatever domain is requested', async () => {
      for (const session of await askBoth({ domain: 'YourAppName', requestId: 'a1' }))
        expect(session.cacao.p).toMatchObject({ domain: 'app.example', iss: `did:pkh:${ACCOUNT_A}` })
    })

    it('leaves an empty statement out', async () => {
      for (const session of await askBoth({ statement: '' }))
        expect(session.cacao.p.statement).toBeUndefined()
      for (const session of await askBoth({ statement: 'Hello.' }))
        expect(session.cacao.p.statement).toBe('Hello.')
    })

    it('passes the domain and the request id on to one that uses them', async () => {
      const own = ethereumAuth(wallet.provider)
      const { cacao } = await OldSession.authorize(own, { resources, domain: 'b.example', requestId: 'a1' })
      expect(cacao.p).toMatchObject({ domain: 'b.example', requestId: 'a1' })
    })

    it('renews a stored session of another domain and statement, and refuses what that session did not have', async () => {
      const own = ethereumAuth(wallet.provider)
      await OldSession.remove(account)
      const before = { resources: ['ceramic://*'], domain: 'b.example', statement: 'Hello.' }
      await OldSession.get(account, own, before)
      const options = { resources: ['ceramic://one'], domain: 'c.example', statement: '' }
      const { cacao } = await OldSession.get(account, own, options)
      expect(cacao.p).toMatchObject({ domain: 'b.example', statement: 'Hello.' })
      const ignoring: AuthMethod = (opts) => own({ ...opts, domain: 'd.example' })
      await expectCode('ERR_CAPABILITY_DOMAIN', () =>
        OldSession.get(account, ignoring, { ...options, resources: ['ceramic://two'] }),
      )
    })

    it.each([
      Object.assign(new Error('User rejected the request.'), { code: 4001 }),
      { code: -32002, message: 'already pending' },
      'locked',
      undefined,
    ])('rejects with what it throws: %j', async (thrown) => {
      const throwing = async (): Promise<never> => {
        throw thrown
      }
      expect(await failureOf(() => OldSession.authorize(throwing, { resources }))).toBe(thrown)
      expect(await failureOf(() => OldSession.authorize(throwing, { resources, expiresInSecs: -1 }))).toBe(
        thrown,
      )
      await OldSession.remove(account)
      const both = [1, 2].map(() => failureOf(() => OldSession.get(account, throwing, { resources })))
      expect(await Promise.all(both)).toEqual([thrown, thrown])
    })

    it('rejects with the code of ours', async () => {
      const rejecting = testWallet()
      rejecting.behaviour = { throws: { code: 4001, message: 'User rejected the request.' } }
      const own = ethereumAuth(rejecting.provider, undefined, { domain: 'app.example' })
      await expectCode('ERR_AUTH_REJECTED', () => OldSession.authorize(own, { resources }))
      await expectCode('ERR_AUTH_FAILED', () =>
        OldSession.authorize((async () => undefined) as never, { resources }),
      )
    })
  })

  it('exports helpers for accounts and resources', () => {
    const id = getAccountIdByDID(`did:pkh:${ACCOUNT_A}`)
    expect([String(id), id.address, String(id.chainId), id.chainId.namespace]).toEqual([
      ACCOUNT_A,
      ACCOUNT_A.slice(9),
      'eip155:1',
      'eip155',
    ])
    expect(id.toJSON()).toEqual({
      chainId: { namespace: 'eip155', reference: '1' },
      address: ACCOUNT_A.slice(9),
    })
    expect(() => getAccountIdByDID('did:pkh:nothing')).toThrow(TypeError)
    for (const prefix of ['did:web:', 'did:key:', ''])
      expect(() => getAccountIdByDID(`${prefix}${ACCOUNT_A}`)).toThrow('must be a did:pkh')
    expect(String(new AccountId(ACCOUNT_A))).toBe(ACCOUNT_A)
    for (const id of [`did:pkh:${ACCOUNT_A}`, KEYS_DID])
      expect(() => new AccountId(id)).toThrow('must be a CAIP-10 id')
    expect(cacaoContainsResources({ p: { resources: ['a:b', 'c:d'] } }, ['c:d'])).toBe(true)
    expect(cacaoContainsResources({ p: { resources: ['a:*'] } }, ['a:b'])).toBe(false)
    expect(cacaoContainsResources({ p: {} }, ['a:b'])).toBe(false)
  })
})

interface JWSFixture {
  kind: 'json' | 'dag'
  payloadIn: object
  jws: { payload: string; signatures: { protected: string; signature: string }[] }
  compact: string
  capability: Capability
  issuer: string
  sessionKeySeedHex?: string
  cacaoBlockHex?: string
}
const names = fixtureNames('did-session-4/jws-')
describeWith('a JWS of did-session 4', names.length > 0 ? names : undefined, (all) => {
  it.each(all)('%s is verified by the DID of our session', async (name) => {
    const { compact, kind, payloadIn, capability, issuer } = (await fixture<JWSFixture>(name)) as JWSFixture
    const did = await toDID(await DIDSession.authorize(keyAuth, { resources }))
    const result = await did.verifyJWS(compact, { issuer, capability })
    if (kind === 'json') expect(result.payload).toEqual(payloadIn)
    const [header, body, signature] = compact.split('.')
    await expect(did.verifyJWS(`${header}.${body}A.${signature}`, { issuer, capability })).rejects.toThrow()
  })

  it.each(all.filter((name) => name.includes('ed25519')))('%s is reproduced exactly', async (name) => {
    const { kind, payloadIn, jws, capability, sessionKeySeedHex, cacaoBlockHex } = (await fixture<JWSFixture>(
      name,
    )) as JWSFixture
    const did = await createDIDCacao(await createDIDKey(fromHex(sessionKeySeedHex ?? '')), capability)
    if (kind === 'json') {
      const made = await did.createJWS(payloadIn)
      expect(made.signatures[0]?.protected).toBe(jws.signatures[0]?.protected)
      expect(made.payload).toBe(jws.payload)
    } else {
      const made = await did.createDagJWS(payloadIn)
      expect(made.jws.payload).toBe(jws.payload)
      expect(toHex(made.cacaoBlock ?? new Uint8Array())).toBe(cacaoBlockHex)
    }
  })
})

type Documents = Record<'ed25519' | 'p256', { id: string }>
describeWith(
  'DID documents as did-session 4 resolves them',
  await fixture<Documents>('did-session-4/did-documents.json'),
  (documents) => {
    it.each(['ed25519', 'p256'] as const)('%s', (kind) =>
      expect(documentOf(documents[kind].id)).toEqual(documents[kind]),
    )
  },
)
