import { expect, it } from 'vitest'
import { verifyByNoble, verifyByWebCrypto, verifyKeySignature } from '../../src/key/verify.js'
import { describeWith, vectors } from '../setup/fixtures.js'
import { bytesOf, casesOf, type Wycheproof } from './wycheproof.js'

const FILE = 'wycheproof/ed25519_test.json'

describeWith('Wycheproof: Ed25519', await vectors<Wycheproof<{ pk: string }>>(FILE), (file) => {
  const cases = casesOf(file)

  it('is tested completely', () => {
    expect(cases.length).toBeGreaterThan(0)
    expect(cases).toHaveLength(file.numberOfTests)
  })

  // With native code where the engine has the algorithm; both implementations must agree, or a session would be valid in one
  // browser and invalid in another.
  it.each(cases)('$title', async ({ publicKey, message, signature, valid }) => {
    const bytes = bytesOf(publicKey.pk)
    expect(await verifyKeySignature({ type: 'Ed25519', bytes }, signature, message)).toBe(valid)
    expect(await verifyByWebCrypto({ type: 'Ed25519', bytes }, signature, message)).toBe(valid)
    expect(await verifyByNoble(bytes, signature, message)).toBe(valid)
  })
})
