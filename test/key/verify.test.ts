import { describe, expect, it, vi } from 'vitest'
import { concat, utf8 } from '../../src/base/bytes.js'
import { parseDIDKey } from '../../src/key/did-key.js'
import { generateSessionKey, seedKey } from '../../src/key/generate-key.js'
import type { SessionKey } from '../../src/key/session-key.js'
import {
  type VerifyKeySignature,
  verifyByNoble,
  verifyByWebCrypto,
  verifyKeySignature,
} from '../../src/key/verify.js'
import { FORGED_SIGNATURE, NON_CANONICAL_KEYS, SMALL_ORDER_KEYS } from '../setup/bad-keys.js'

const message = utf8('a message')
const keys: [string, () => Promise<SessionKey>][] = [
  ['P-256', () => generateSessionKey('P-256')],
  ['Ed25519', () => generateSessionKey('Ed25519')],
  ['Ed25519 from a seed', () => seedKey(new Uint8Array(32).fill(5))],
]
const publicKeyOf = (key: SessionKey) => parseDIDKey(key.did) ?? expect.fail('no key')

// In Node, Deno and Bun, `verifyKeySignature` doesn't use WebCrypto. Both must give the same answers.
const verifiers: [string, VerifyKeySignature][] = [
  ['verifyKeySignature', verifyKeySignature],
  ['verifyByWebCrypto', verifyByWebCrypto],
]

describe.each(verifiers)('%s', (_, verify) => {
  describe.each(keys)('a signature of a %s key', (_type, make) => {
    it('verifies for its own key and message only', async () => {
      const [key, other] = [await make(), await generateSessionKey('P-256')]
      const signature = await key.sign(message)
      expect(await verify(publicKeyOf(key), signature, message)).toBe(true)
      expect(await verify(publicKeyOf(key), signature, utf8('another'))).toBe(false)
      expect(await verify(publicKeyOf(other), signature, message)).toBe(false)
      for (const length of [0, 63, 65]) {
        expect(
          await verify(publicKeyOf(key), concat(signature, new Uint8Array(1)).slice(0, length), message),
        ).toBe(false)
      }
      const flipped = Uint8Array.from(signature)
      flipped[0] = (flipped[0] ?? 0) ^ 1
      expect(await verify(publicKeyOf(key), flipped, message)).toBe(false)
    })
  })

  describe('Ed25519', () => {
    it('signatures have no second form, with the order added to S', async () => {
      const key = await seedKey(new Uint8Array(32).fill(5))
      const signature = await key.sign(message)
      const order = 2n ** 252n + 27742317777372353535851937790883648493n
      let s = signature.slice(32).reduceRight((sum, byte) => (sum << 8n) + BigInt(byte), 0n) + order
      const second = Uint8Array.from(signature)
      for (let i = 32; i < 64; i++, s >>= 8n) second[i] = Number(s & 255n)
      expect(await verify(publicKeyOf(key), second, message)).toBe(false)
    })

    // Engines have crashed on these.
    it.each([
      [0x00, 0],
      [0x01, 1],
      [0x02, 1],
      [0x5a, 24],
    ])('keys that end in zeros are handled safely: %i, %i times', async (byte, times) => {
      const bytes = new Uint8Array(32).fill(byte, 0, times)
      const signature = await (await seedKey(new Uint8Array(32).fill(5))).sign(message)
      expect(await verify({ type: 'Ed25519', bytes }, signature, message)).toBe(false)
    })
  })

  describe('a long message', () => {
    const seed = new Uint8Array(32).fill(5)
    // WebKitGTK's page crashes if its own Ed25519 signs more than 65,534 bytes.
    it.each([60_000, 60_001, 65_535, 65_536, 1_000_000])(
      'of %i bytes is signed and verified',
      async (length) => {
        const long = new Uint8Array(length).fill(7)
        const other = Uint8Array.from(long)
        other[length - 1] = 8
        const { did } = await seedKey(seed)
        for (const key of [
          await seedKey(seed),
          await seedKey(seed, did),
          await generateSessionKey('P-256'),
        ]) {
          const signing = key.sign(long)
          // The bytes are signed as they were at the call.
          long[0] = 9
          const signature = await signing
          long[0] = 7
          expect(await verify(publicKeyOf(key), signature, long)).toBe(true)
          expect(await verify(publicKeyOf(key), signature, other)).toBe(false)
          if (key.type === 'Ed25519') {
            const { bytes } = publicKeyOf(key)
            expect(await verifyByNoble(bytes, signature, long)).toBe(true)
          }
        }
      },
    )
  })

  describe('a malformed key', () => {
    it('verifies no signature', async () => {
      const offCurve = new Uint8Array(33).fill(0xff)
      offCurve[0] = 2
      expect(await verify({ type: 'P-256', bytes: offCurve }, new Uint8Array(64).fill(1), message)).toBe(
        false,
      )
      for (const type of ['P-256', 'Ed25519'] as const)
        expect(await verify({ type, bytes: new Uint8Array(5) }, new Uint8Array(64).fill(1), message)).toBe(
          false,
        )
      expect(await verify({ type: 'secp256k1', bytes: offCurve }, new Uint8Array(64).fill(1), message)).toBe(
        false,
      )
    })

    it('verifies no signature, although anyone can forge one that verifies', async () => {
      for (const bytes of [...SMALL_ORDER_KEYS, ...NON_CANONICAL_KEYS])
        expect(await verify({ type: 'Ed25519', bytes }, FORGED_SIGNATURE, message)).toBe(false)
    })
  })
})

it('a signature verifies again after the engine once failed to import its key', async () => {
  const key = await generateSessionKey('P-256')
  const publicKey = publicKeyOf(key)
  const signature = await key.sign(message)
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValueOnce(new DOMException('busy', 'OperationError'))
  try {
    expect(await verifyByWebCrypto(publicKey, signature, message)).toBe(false)
    expect(await verifyByWebCrypto(publicKey, signature, message)).toBe(true)
  } finally {
    vi.restoreAllMocks()
  }
})
