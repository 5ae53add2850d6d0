import { p256 } from '@noble/curves/nist.js'
import { expect, it } from 'vitest'
import { toHex } from '../../src/base/hex.js'
import { decompressP256 } from '../../src/key/did-key.js'
import { SIGNATURE_LENGTH, verifyByWebCrypto, verifyKeySignature } from '../../src/key/verify.js'
import { describeWith, vectors } from '../setup/fixtures.js'
import { bytesOf, casesOf, compressed, type ECPublicKey, type Wycheproof } from './wycheproof.js'

const FILE = 'wycheproof/ecdsa_secp256r1_sha256_p1363_test.json'

describeWith('Wycheproof: ECDSA on P-256', await vectors<Wycheproof<ECPublicKey>>(FILE), (file) => {
  const cases = casesOf(file)

  it('is tested completely', () => {
    expect(cases.length).toBeGreaterThan(0)
    expect(cases).toHaveLength(file.numberOfTests)
  })

  it.each([...new Set(cases.map(({ publicKey }) => publicKey.uncompressed))])(
    'decompresses the key %s',
    (hex) => {
      expect(toHex(decompressP256(compressed(bytesOf(hex))) ?? new Uint8Array())).toBe(hex)
    },
  )

  // A high s is accepted, as in JOSE and in these vectors.
  it.each(cases)('$title', async ({ publicKey, message, signature, valid }) => {
    const key = bytesOf(publicKey.uncompressed)
    const own = { type: 'P-256', bytes: compressed(key) } as const
    expect(await verifyKeySignature(own, signature, message)).toBe(valid)
    expect(await verifyByWebCrypto(own, signature, message)).toBe(valid)
    if (signature.length !== SIGNATURE_LENGTH) return expect(valid).toBe(false)
    const options = { lowS: false, prehash: true, format: 'compact' } as const
    expect(p256.verify(signature, message, key, options)).toBe(valid)
  })
})
