import { ed25519 } from '@noble/curves/ed25519.js'
import { decryptJWE, type JWE, x25519Decrypter } from 'did-jwt'
import { seedKey } from '../key/seed-key.js'
import type { SigningKey } from './did.js'

/** The Ed25519 key of a seed, which also opens what was encrypted to its did:key, as in did-session 4. */
export async function seedSigningKey(seed: Uint8Array): Promise<SigningKey> {
  const key = await seedKey(seed)
  return {
    did: key.did,
    sign: (data) => key.sign(data),
    decrypt: async (jwe) => decryptJWE(jwe as JWE, x25519Decrypter(ed25519.utils.toMontgomerySecret(seed))),
  }
}
