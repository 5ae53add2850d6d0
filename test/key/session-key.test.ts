import { verifyAsync } from '@noble/ed25519'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { fromHex } from '../../src/base/hex.js'
import { parseDIDKey } from '../../src/key/did-key.js'
import {
  canSign,
  generateSessionKey,
  nativeSeedKey,
  nobleSeedKey,
  seedKey,
} from '../../src/key/generate-key.js'
import { sessionKeyOfPair } from '../../src/key/session-key.js'
import { expectCode } from '../setup/expect-code.js'
import { describeWith, vectors } from '../setup/fixtures.js'

const types = ['P-256', 'Ed25519'] as const
const message = utf8('a message')

describe.each(types)('a generated %s key', (type) => {
  it('signs, and has a did:key of its type', async () => {
    const key = await generateSessionKey(type)
    expect(parseDIDKey(key.did)?.type).toBe(type)
    expect(await key.sign(message)).toHaveLength(64)
    expect(await canSign(key)).toBe(true)
  })

  it('can not be exported or wrapped', async () => {
    const { pair } = await generateSessionKey(type)
    const key = pair?.privateKey as CryptoKey
    expect(key.extractable).toBe(false)
    for (const format of ['pkcs8', 'jwk'] as const)
      await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow()
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
      'wrapKey',
      'unwrapKey',
    ])
    const iv = new Uint8Array(12)
    await expect(crypto.subtle.wrapKey('pkcs8', key, wrapping, { name: 'AES-GCM', iv })).rejects.toThrow()
  })

  it('can be restored from its pair with the same DID', async () => {
    const key = await generateSessionKey(type)
    const again = await sessionKeyOfPair({ privateKey: key.pair?.privateKey, publicKey: key.pair?.publicKey })
    expect(again?.did).toBe(key.did)
  })

  it('is refused if its halves are not of one pair', async () => {
    const [one, two] = [await generateSessionKey(type), await generateSessionKey(type)]
    const mixed = await sessionKeyOfPair({ privateKey: one.pair?.privateKey, publicKey: two.pair?.publicKey })
    expect(mixed && (await canSign(mixed))).toBe(false)
  })
})

describe('a stored pair', () => {
  it('is refused if its private key can be exported', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ])
    expect(await sessionKeyOfPair(pair)).toBeUndefined()
  })

  it('is refused if it is of another type', async () => {
    const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, [
      'sign',
      'verify',
    ])
    expect(await sessionKeyOfPair(other)).toBeUndefined()
  })

  it('is refused if its halves are of different kinds', async () => {
    const made = (algorithm: EcKeyGenParams | string, isExtractable = false): Promise<CryptoKeyPair> =>
      crypto.subtle.generateKey(algorithm, isExtractable, ['sign', 'verify']) as Promise<CryptoKeyPair>
    const { privateKey, publicKey } = await made({ name: 'ECDSA', namedCurve: 'P-256' })
    const [p384, ed25519] = [await made({ name: 'ECDSA', namedCurve: 'P-384' }), await made('Ed25519')]
    const open = await made({ name: 'ECDSA', namedCurve: 'P-256' }, true)
    expect((await sessionKeyOfPair({ privateKey, publicKey }))?.type).toBe('P-256')
    for (const pair of [
      { privateKey, publicKey: ed25519.publicKey },
      { privateKey: ed25519.privateKey, publicKey },
      { privateKey: p384.privateKey, publicKey },
      { privateKey, publicKey: p384.publicKey },
      { privateKey, publicKey: open.privateKey },
      { privateKey: publicKey, publicKey },
      { privateKey },
      { publicKey },
    ])
      expect(await sessionKeyOfPair(pair)).toBeUndefined()
  })

  const algorithm = { name: 'Ed25519' }
  const half = { algorithm, type: 'private', extractable: false }
  it.each([
    undefined,
    null,
    'pair',
    {},
    { privateKey: {}, publicKey: {} },
    [],
    // What JSON may make of a pair.
    { privateKey: half, publicKey: { algorithm, type: 'public' } },
    { privateKey: { ...half, usages: ['sign'] }, publicKey: { algorithm, type: 'public' } },
  ])('is refused if it is %j', async (value) => {
    expect(await sessionKeyOfPair(value)).toBeUndefined()
  })
})

describe('a seed key', () => {
  const seeds = [new Uint8Array(32), new Uint8Array(32).fill(255), crypto.getRandomValues(new Uint8Array(32))]

  it('is the same with WebCrypto and @noble/ed25519, which verify each other’s signatures', async () => {
    for (const seed of seeds) {
      const noble = await nobleSeedKey(seed)
      const native = await nativeSeedKey(seed)
      expect((await seedKey(seed)).did).toBe(noble.did)
      if (!native) continue // an engine without Ed25519 has only the one
      expect(native.did).toBe(noble.did)
      const bytes = parseDIDKey(noble.did)?.bytes ?? new Uint8Array()
      expect(await verifyAsync(await native.sign(message), message, bytes)).toBe(true)
      const publicKey = await crypto.subtle.importKey('raw', bytes, 'Ed25519', true, ['verify'])
      expect(await crypto.subtle.verify('Ed25519', publicKey, await noble.sign(message), message)).toBe(true)
    }
  })

  it('has its own DID, whichever DID is expected', async () => {
    for (const seed of seeds) {
      const { did } = await nobleSeedKey(seed)
      const { did: other } = await nobleSeedKey(new Uint8Array(32).fill(3))
      const { did: p256 } = await generateSessionKey('P-256')
      for (const expected of [did, other, p256, 'did:key:z6Mk', '']) {
        const key = await seedKey(seed, expected)
        expect(key.did).toBe(did)
        const bytes = parseDIDKey(did)?.bytes ?? new Uint8Array()
        expect(await verifyAsync(await key.sign(message), message, bytes)).toBe(true)
      }
    }
  })

  it.each([0, 31, 33, 64])('can not be made of %i bytes', async (length) => {
    await expect(seedKey(new Uint8Array(length))).rejects.toThrow(TypeError)
  })

  it('keeps its own copy of the seed', async () => {
    const seed = new Uint8Array(32).fill(7)
    const key = await nobleSeedKey(Uint8Array.from(seed))
    const lent = await seedKey(seed)
    seed.fill(0)
    const bytes = parseDIDKey(key.did)?.bytes ?? new Uint8Array()
    expect(await verifyAsync(await lent.sign(message), message, bytes)).toBe(true)
  })
})

type RFC8032 = { priv: string; pub: string; msg: string; sig: string }[]

describeWith('RFC 8032 vectors', await vectors<RFC8032>('rfc8032/rfc8032-ed25519.json'), (cases) => {
  const bytes = (hex: string): Uint8Array<ArrayBuffer> => fromHex(hex) ?? expect.fail(`not hex: ${hex}`)

  it.each(cases)('public key $pub', async ({ priv, pub, msg, sig }) => {
    const noble = await nobleSeedKey(bytes(priv))
    const native = await nativeSeedKey(bytes(priv))
    expect(parseDIDKey(noble.did)?.bytes).toEqual(bytes(pub))
    expect(await noble.sign(bytes(msg))).toEqual(bytes(sig))
    if (!native) return // an engine without Ed25519 has only the one
    expect(native.did).toBe(noble.did)
    // Safari's signatures are randomized, so they are verified, not compared.
    expect(await verifyAsync(await native.sign(bytes(msg)), bytes(msg), bytes(pub))).toBe(true)
  })
})

describe('without WebCrypto', () => {
  it('rejects with ERR_ENVIRONMENT', async () => {
    // As on insecure origins, where crypto exists but crypto.subtle does not.
    const prototype: Crypto = Object.getPrototypeOf(crypto)
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'subtle') as PropertyDescriptor
    Object.defineProperty(prototype, 'subtle', { configurable: true, get: () => undefined })
    try {
      await expectCode('ERR_ENVIRONMENT', () => generateSessionKey('P-256'))
      await expectCode('ERR_ENVIRONMENT', () => seedKey(new Uint8Array(32)))
    } finally {
      Object.defineProperty(prototype, 'subtle', descriptor)
    }
    expect((await generateSessionKey('P-256')).did).toMatch(/^did:key:zDn/)
  })
})
