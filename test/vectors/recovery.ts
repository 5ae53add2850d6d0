import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, it } from 'vitest'
import { toHex } from '../../src/base/hex.js'
import { parseSignature, type RecoverPublicKey } from '../../src/wallet/ethereum/eip191.js'

import { casesOf, type ECPublicKey, type Wycheproof, type WycheproofCase } from './wycheproof.js'

export const RECOVERY_FILE = 'wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json'
export type RecoveryFile = Wycheproof<ECPublicKey>

/*
 * 346, «k*G has a large x-coordinate»: a good ECDSA signature whose point has x above the curve's order, which only
 * the recovery ids 2 and 3 can say. The Yellow Paper of Ethereum, appendix F, has none of them: «this value is in
 * the range of [0, 3], however we declare the upper two possibilities, representing infinite values, invalid».
 */
const NO_ETHEREUM_SIGNATURE = 346

/** The key recovered with an id, as hex; `undefined` if no key fits. */
export function recovered(
  recover: RecoverPublicKey,
  { message, signature }: WycheproofCase<ECPublicKey>,
  recovery: number,
): string | undefined {
  const rs = rawOf(signature)
  try {
    const key = rs && recover(sha256(message), rs, recovery)
    return key ? toHex(key) : undefined
  } catch {
    return undefined
  }
}

/** The r and s of a signature in canonical DER. */
function rawOf(der: Uint8Array): Uint8Array | undefined {
  try {
    const signature = secp256k1.Signature.fromBytes(der, 'der')
    return toHex(signature.toBytes('der')) === toHex(der) ? signature.toBytes('compact') : undefined
  } catch {
    return undefined
  }
}

/** Tests every case: a signature is accepted if we accept its form, and its key is recovered. */
export function recoverySuite(file: RecoveryFile, recover: RecoverPublicKey): void {
  const cases = casesOf(file)

  it('is tested completely', () => {
    expect(cases.length).toBeGreaterThan(0)
    expect(cases).toHaveLength(file.numberOfTests)
  })

  it.each(cases)('$title', (vector) => {
    const rs = rawOf(vector.signature)
    const ids = [0, 1].filter((id) => recovered(recover, vector, id) === vector.publicKey.uncompressed)
    const forms = [0, 1].filter((id) => rs && parseSignature(Uint8Array.of(...rs, id)))
    if (vector.tcId === NO_ETHEREUM_SIGNATURE) return expect(ids).toEqual([])
    if (vector.valid) expect([ids.length, forms]).toEqual([1, [0, 1]])
    // A high s recovers the key too (BIP 62 and EIP-2 forbid it for that reason), so it is refused by its form.
    else expect(ids.length === 0 || forms.length === 0).toBe(true)
  })

  it('refuses a high s', () => {
    const high = cases.filter((vector) => {
      const fits = [0, 1].some((id) => recovered(recover, vector, id) === vector.publicKey.uncompressed)
      return fits && !vector.valid
    })
    expect(high.map(({ tcId }) => tcId)).toEqual([1, 388])
  })
}
