import { expect, it } from 'vitest'
import { rawOfDER } from '../../src/key/ecdsa.js'
import { verifyKeySignature } from '../../src/key/verify.js'
import { describeWith, vectors } from '../setup/fixtures.js'
import { bytesOf, casesOf, compressed, type ECPublicKey, type Wycheproof } from './wycheproof.js'

const FILE = 'wycheproof/ecdsa_secp256r1_sha256_test.json'

// In DER, as passkeys sign, with a high or a low s.
describeWith('Wycheproof: ECDSA on P-256, in DER', await vectors<Wycheproof<ECPublicKey>>(FILE), (file) => {
  const cases = casesOf(file)

  it('is tested completely', () => {
    expect(cases.length).toBeGreaterThan(0)
    expect(cases).toHaveLength(file.numberOfTests)
  })

  it.each(cases)('$title', async ({ publicKey, message, signature, valid }) => {
    const key = { type: 'P-256', bytes: compressed(bytesOf(publicKey.uncompressed)) } as const
    const raw = rawOfDER(signature)
    expect(raw !== undefined && (await verifyKeySignature(key, raw, message))).toBe(valid)
  })
})
