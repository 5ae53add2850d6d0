import crypto from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concat, utf8 } from '../../src/base/bytes.js'
import { nodeCrypto } from '../../src/base/node-crypto.js'
import { knownKey } from '../../src/key/did-key.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { verifyKeySignature } from '../../src/key/verify.js'
import { FORGED_SIGNATURE, NON_CANONICAL_KEYS, SMALL_ORDER_KEYS } from '../setup/bad-keys.js'

it('nodeCrypto returns node:crypto in Node', () => {
  expect(nodeCrypto()).toBe(crypto)
})

describe.each(['P-256', 'Ed25519'] as const)('node:crypto with %s', (type) => {
  it('accepts the key’s own signature, and no other', async () => {
    const [key, other] = [await generateSessionKey(type), await generateSessionKey(type)]
    const [publicKey, foreign] = [key, other].map(({ did }) => knownKey(did) ?? expect.fail('no key'))
    if (!publicKey || !foreign) expect.fail('no key')
    const data = utf8('Buy cacao beans')
    const signature = await key.sign(data)
    expect(verifyKeySignature(publicKey, signature, data)).toBe(true)
    expect(verifyKeySignature(publicKey, signature, utf8('Buy cocoa beans'))).toBe(false)
    expect(verifyKeySignature(foreign, signature, data)).toBe(false)
    for (const length of [0, 63, 65])
      expect(verifyKeySignature(publicKey, concat(signature, signature).subarray(0, length), data)).toBe(
        false,
      )
  })
})

it('refuses malformed keys and secp256k1', () => {
  const offCurve = Uint8Array.from([2, ...new Uint8Array(31), 5])
  for (const type of ['P-256', 'secp256k1'] as const)
    expect(verifyKeySignature({ type, bytes: offCurve }, new Uint8Array(64).fill(1), utf8('x'))).toBe(false)
})

it('refuses keys for which anyone can forge signatures', () => {
  for (const bytes of [...SMALL_ORDER_KEYS, ...NON_CANONICAL_KEYS])
    expect(verifyKeySignature({ type: 'Ed25519', bytes }, FORGED_SIGNATURE, utf8('any text'))).toBe(false)
})
