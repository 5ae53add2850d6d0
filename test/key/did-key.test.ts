import { p256 as p256Curve } from '@noble/curves/nist.js'
import { describe, expect, it } from 'vitest'
import { concat } from '../../src/base/bytes.js'
import { fromHex } from '../../src/base/hex.js'
import { fromBase58, fromBase64url } from '../../src/base/multibase.js'
import { decompressP256, encodeDIDKey, knownKey, parseDIDKey } from '../../src/key/did-key.js'
import { type KeyType, toBase58 } from '../../src/key/session-key.js'
import { describeWith, vectors } from '../setup/fixtures.js'

type Vectors = Record<string, Vector>
interface Vector {
  verificationMethod?: Method
  verificationKeyPair?: Method
  didDocument: { id: string; verificationMethod: Method[] }
}
interface Method {
  type: string
  publicKeyBase58?: string
  publicKeyJwk?: { crv: string; x: string; y?: string }
}

/** The point with this x and an even y; `undefined` if there is none. */
function byNoble(x: bigint): Uint8Array | undefined {
  try {
    return p256Curve.Point.fromHex(`02${x.toString(16).padStart(64, '0')}`).toBytes(false)
  } catch {
    return undefined
  }
}

const ED25519 = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'
const P256 = 'did:key:zDnaeoA2SUkGYYDAVZBKgd4xWMGadgX2U29YPw8iEvCuELmfi'

describe('base58', () => {
  it('keeps leading zeros', () => {
    for (const bytes of [[], [0], [0, 0, 1], [255, 255], [0, 255, 0]].map((b) => Uint8Array.from(b))) {
      expect(fromBase58(toBase58(bytes))).toEqual(bytes)
    }
    expect(toBase58(Uint8Array.of(0, 0, 1))).toBe('112')
    expect(fromBase58('0OIl')).toBeUndefined()
  })
})

describe('did:key', () => {
  it.each([
    ['Ed25519', ED25519, 32],
    ['P-256', P256, 33],
    ['secp256k1', 'did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme', 33],
  ] as const)('reads and writes %s', (type, did, length) => {
    const key = parseDIDKey(did)
    expect(key?.type).toBe(type)
    expect(key?.bytes).toHaveLength(length)
    expect(key && encodeDIDKey(key)).toBe(did)
  })

  const ed25519 = parseDIDKey(ED25519)?.bytes ?? new Uint8Array()
  const p256 = parseDIDKey(P256)?.bytes ?? new Uint8Array()
  const multibase = (...bytes: readonly Uint8Array[]): string => `did:key:z${toBase58(concat(...bytes))}`

  it.each([
    ['another method', 'did:web:example.com'],
    ['no multibase', 'did:key:'],
    ['another multibase', ED25519.replace(':z', ':m')],
    ['a fragment', `${ED25519}#${ED25519.slice(8)}`],
    ['a character outside base58', ED25519.replace('6', '0')],
    ['white space', `${ED25519} `],
    ['a byte too many', multibase(Uint8Array.of(0xed, 1), ed25519, Uint8Array.of(0))],
    ['a byte too few', multibase(Uint8Array.of(0xed, 1), ed25519.subarray(1))],
    ['an unknown multicodec', multibase(Uint8Array.of(0xee, 1), ed25519)],
    ['a multicodec with another second byte', multibase(Uint8Array.of(0xed, 2), ed25519)],
    ['a point a byte too short', multibase(Uint8Array.of(0x80, 0x24), p256.subarray(0, 32))],
    ['a multicodec written too long', multibase(Uint8Array.of(0xed, 0x81, 0), ed25519)],
    ['an uncompressed point', multibase(Uint8Array.of(0x80, 0x24, 4), p256.subarray(1), p256.subarray(1))],
    ['a point with another first byte', multibase(Uint8Array.of(0x80, 0x24, 5), p256.subarray(1))],
    ['a leading zero', `did:key:z1${ED25519.slice(9)}`],
    ['a very long string', `did:key:z${'6'.repeat(100_000)}`],
  ])('refuses %s', (_, did) => expect(parseDIDKey(did)).toBeUndefined())

  it('is parsed once by knownKey, which returns the same key again', () => {
    expect(knownKey(P256)).toEqual(parseDIDKey(P256))
    expect(knownKey(P256)).toBe(knownKey(P256))
  })

  it('decompresses points of P-256 only, each in its only spelling', () => {
    expect(decompressP256(p256)?.subarray(1, 33)).toEqual(p256.subarray(1))
    const [first = 0] = p256
    for (const other of [0, 1, 4, 5, first + 2])
      expect(decompressP256(Uint8Array.of(other, ...p256.subarray(1)))).toBeUndefined()
    for (const bytes of [
      p256.subarray(0, 32),
      concat(p256.subarray(0, 1), Uint8Array.of(0), p256.subarray(1)),
    ])
      expect(decompressP256(bytes)).toBeUndefined()
    const pointAt = (x: bigint) => decompressP256(fromHex(`02${x.toString(16).padStart(64, '0')}`) ?? p256)
    const order = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
    const small = Array.from({ length: 20 }, (_, i) => BigInt(i))
    for (const x of small) {
      expect(pointAt(x)).toEqual(byNoble(x))
      expect(pointAt(order + x)).toBeUndefined()
    }
    expect(small.filter((x) => pointAt(x)).length).toBeGreaterThan(2)
  })

  it('throws a TypeError for a key of the wrong length', () => {
    expect(() => encodeDIDKey({ type: 'P-256', bytes: new Uint8Array(32) })).toThrow(TypeError)
  })
})

describeWith('did:key vectors: Ed25519', await vectors<Vectors>('did-key/ed25519-x25519.json'), (all) => {
  it.each(Object.keys(all))('%s', (did) => expectKey(did, 'Ed25519', methodOf(all[did])))
})

describeWith('did:key vectors: P-256', await vectors<Vectors>('did-key/nist-curves.json'), (all) => {
  const dids = Object.keys(all)
  it.each(dids.filter((did) => did.startsWith('did:key:zDn')))('%s', (did) =>
    expectKey(did, 'P-256', methodOf(all[did])),
  )
  it.each(dids.filter((did) => !did.startsWith('did:key:zDn')))('refuses the other curve of %s', (did) => {
    expect(parseDIDKey(did)).toBeUndefined()
  })
})

describeWith('did:key vectors: secp256k1', await vectors<Vectors>('did-key/secp256k1.json'), (all) => {
  it.each(Object.keys(all))('%s', (did) => expectKey(did, 'secp256k1', methodOf(all[did])))
})

describeWith('did:key vectors: X25519', await vectors<Vectors>('did-key/x25519.json'), (all) => {
  it.each(Object.keys(all))('refuses %s, which can not sign', (did) =>
    expect(parseDIDKey(did)).toBeUndefined(),
  )
})

function methodOf(vector: Vector | undefined): Method | undefined {
  return (
    vector?.verificationMethod ?? vector?.verificationKeyPair ?? vector?.didDocument.verificationMethod[0]
  )
}

function expectKey(did: string, type: KeyType, method: Method | undefined): void {
  const key = parseDIDKey(did)
  expect(key?.type).toBe(type)
  expect(key && encodeDIDKey(key)).toBe(did)
  const { publicKeyBase58, publicKeyJwk } = method ?? {}
  const expected = publicKeyJwk ? fromBase64url(publicKeyJwk.x) : fromBase58(publicKeyBase58 ?? '')
  // A JWK contains only x; the point's first byte precedes it.
  expect(publicKeyJwk && type !== 'Ed25519' ? key?.bytes.slice(1) : key?.bytes).toEqual(expected)
}
