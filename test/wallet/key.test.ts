import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/index.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { type KeyInput, keyAccount, keyAuth, keyVerifiers } from '../../src/wallet/key/index.js'
import { describeAttacks } from '../setup/attack-capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'

const resources = ['https://api.example.com/notes/1']
const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const options = { domain: 'app.example.com' }
const NOW = (): number => Date.now()

async function pair(type: 'Ed25519' | 'P-256'): Promise<KeyInput> {
  const key = await generateSessionKey(type)
  return key.pair ?? { did: key.did, sign: key.sign }
}

const KINDS: readonly [string, string, string, () => KeyInput | Promise<KeyInput>][] = [
  ['an Ed25519 seed', 'key:ed25519', 'did:key:z6Mk', () => ({ type: 'Ed25519', secret: secret(7) })],
  [
    'an Ed25519 seed in hex',
    'key:ed25519',
    'did:key:z6Mk',
    () => ({ type: 'Ed25519', secret: '07'.repeat(32) }),
  ],
  ['a P-256 secret', 'key:p256', 'did:key:zDn', () => ({ type: 'P-256', secret: secret(7) })],
  [
    'a secp256k1 secret',
    'key:secp256k1',
    'did:key:zQ3s',
    () => ({ type: 'secp256k1', secret: `0x${'07'.repeat(32)}` }),
  ],
  ['a pair of P-256', 'key:p256', 'did:key:zDn', () => pair('P-256')],
  ['a pair of Ed25519, where there is one', 'key:ed25519', 'did:key:z6Mk', () => pair('Ed25519')],
  [
    'a key that is kept elsewhere',
    'key:p256',
    'did:key:zDn',
    async () => {
      const { did, sign } = await generateSessionKey('P-256')
      return { did, sign }
    },
  ],
]

describe.each(KINDS)('%s', (_, type, prefix, make) => {
  it('signs in as itself, and its capability verifies offline', async () => {
    const key = await make()
    const account = await keyAccount(key)
    expect(account.startsWith(prefix)).toBe(true)
    const verifiers = keyVerifiers()
    const session = await DIDSession.authorize(keyAuth(key, options), { resources, verifiers })
    expect(session.id).toBe(account)
    expect([session.cacao.s.t, session.cacao.h.t]).toEqual([type, 'caip122'])
    await verifyCacao(JSON.parse(JSON.stringify(session.cacao)), {
      verifiers,
      issuer: account,
      audience: session.keyDID,
      domains: ['app.example.com'],
      resources,
    })
    const other = await DIDSession.fromSession(session.serialize(), { verifiers })
    expect(other.id).toBe(account)
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () =>
      verifyCacao(session.cacao, { verifiers: ethereumVerifiers() }),
    )
  })

  it('has a session that can be stored, loaded, sign requests and be revoked', async () => {
    const key = await make()
    const account = await keyAccount(key)
    const [store, verifiers, revocation] = [memoryStore(), keyVerifiers(), memoryRevocation()]
    const session = await DIDSession.get(account, keyAuth(key, options), { resources, store, verifiers })
    const loaded = await DIDSession.load(undefined, { store, verifiers })
    expect(loaded?.keyDID).toBe(session.keyDID)
    const verify = requestVerifier({
      verifiers,
      authority: 'api.example.com',
      domains: ['app.example.com'],
      resources,
      revocation,
    })
    const request = (): Request => new Request('https://api.example.com/notes/1')
    const signed = await (loaded ?? session).signRequest(request())
    expect(await verify(signed)).toMatchObject({ account, keyDID: session.keyDID })
    await revocation.revokeAll(account)
    await expectCode('ERR_CAPABILITY_REVOKED', async () => verify(await session.signRequest(request())))
  })
})

for (const type of ['Ed25519', 'P-256', 'secp256k1'] as const) {
  const make = async (byte: number): Promise<Cacao> =>
    (await DIDSession.authorize(keyAuth({ type, secret: secret(byte) }, options), { resources })).cacao
  describeAttacks(`${type} keys`, async () => ({
    cacao: await make(7),
    verifiers: { ...ethereumVerifiers(), ...keyVerifiers() },
    otherIssuer: (await make(8)).p.iss,
    now: NOW,
  }))
}

it('the malleated twin of a secp256k1 signature is refused', async () => {
  const { cacao } = await DIDSession.authorize(keyAuth({ type: 'secp256k1', secret: secret(7) }, options), {
    resources,
  })
  const { signature, twin } = twinOf(String(cacao.s.s))
  expect(signature).toBe(cacao.s.s)
  await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
    verifyCacao({ ...cacao, s: { ...cacao.s, s: twin } }, { verifiers: keyVerifiers() }),
  )
})

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

function twinOf(text: string): { signature: string; twin: string } {
  const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  const s = (ORDER - BigInt(`0x${toHex(bytes.slice(32))}`)).toString(16).padStart(64, '0')
  const twin = Uint8Array.of(...bytes.slice(0, 32), ...(fromHex(s) ?? []))
  return { signature: toBase64url(bytes), twin: toBase64url(twin) }
}

describe('keyAuth', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a secret without a type', { secret: secret(7) }],
    ['a secret that is too short', { type: 'Ed25519', secret: secret(7).slice(1) }],
    ['a secret that is no hex', { type: 'Ed25519', secret: 'correct horse battery staple' }],
    ['a secret beyond the order', { type: 'secp256k1', secret: 'ff'.repeat(32) }],
    ['a secret of zeros', { type: 'P-256', secret: secret(0) }],
    ['an unknown type', { type: 'P-384', secret: secret(7) }],
    ['a DID of another method', { did: 'did:web:example.com', sign: () => new Uint8Array(64) }],
  ])('refuses %s', async (_, key) => {
    await expect(keyAccount(key as KeyInput)).rejects.toThrow(TypeError)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a secret without a type', { secret: secret(7) }],
    ['a secret that is too short', { type: 'Ed25519', secret: secret(7).slice(1) }],
    ['an unknown type', { type: 'P-384', secret: secret(7) }],
    ['a DID of another method', { did: 'did:web:example.com', sign: () => new Uint8Array(64) }],
  ])('throws at once for %s, before anybody signs in', (_, key) => {
    expect(() => keyAuth(key as KeyInput, options)).toThrow(TypeError)
  })

  it('rejects with ERR_AUTH_FAILED if only the curve shows that the secret is no key', async () => {
    const auth = keyAuth({ type: 'secp256k1', secret: 'ff'.repeat(32) }, options)
    const { message } = await expectCode('ERR_AUTH_FAILED', () => DIDSession.authorize(auth, { resources }))
    expect(message).toContain('a valid private key for secp256k1')
  })

  it('refuses a pair whose public key can not be exported, or is of another type, and says which it takes', async () => {
    const made = async (namedCurve: string, isExtractable: boolean): Promise<CryptoKeyPair> => {
      const algorithm = { name: 'ECDSA', namedCurve }
      const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
      const jwk = await crypto.subtle.exportKey('jwk', publicKey)
      const imported = await crypto.subtle.importKey('jwk', jwk, algorithm, isExtractable, ['verify'])
      return { publicKey: imported, privateKey }
    }
    await expect(keyAccount(await made('P-256', true))).resolves.toMatch(/^did:key:zDn/)
    const pairs = [await made('P-256', false), await made('P-384', true), { publicKey: {}, privateKey: {} }]
    for (const pair of pairs) {
      const error = await failureOf(() => keyAccount(pair as CryptoKeyPair))
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).toContain('with an extractable public key')
    }
  })

  it.each([undefined, ''])('names the environment variable if the secret is %j', async (unset) => {
    const key = { type: 'Ed25519', secret: unset } as unknown as KeyInput
    await expect(keyAccount(key)).rejects.toThrow(/environment variable/)
    expect(() => keyAuth(key, options)).toThrow(/environment variable/)
    expect(() => keyAuth(key, options)).toThrow(TypeError)
  })

  it('signs in for its own account only', async () => {
    const auth = keyAuth({ type: 'Ed25519', secret: secret(7) }, options)
    const account = await keyAccount({ type: 'Ed25519', secret: secret(8) })
    const store = memoryStore()
    await expectCode('ERR_CAPABILITY_ISSUER', () => DIDSession.get(account, auth, { resources, store }))
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('the vault is closed')
      },
    ],
    ['returns nothing', () => undefined],
    ['returns too few bytes', () => new Uint8Array(63)],
  ])('rejects with ERR_AUTH_FAILED if a key kept elsewhere %s', async (_, sign) => {
    const { did } = await generateSessionKey('P-256')
    const auth = keyAuth({ did, sign: sign as () => Uint8Array }, options)
    await expectCode('ERR_AUTH_FAILED', () => DIDSession.authorize(auth, { resources }))
  })

  it('rejects with ERR_CAPABILITY_SIGNATURE if another key signs', async () => {
    const [{ did }, { sign }] = [await generateSessionKey('P-256'), await generateSessionKey('P-256')]
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      DIDSession.authorize(keyAuth({ did, sign }, options), { resources }),
    )
  })
})
