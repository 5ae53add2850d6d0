import { fromBase64url } from '../base/base64.js'
import { concat } from '../base/bytes.js'
import { encodeDIDKey } from './did-key.js'
import type { SessionKey } from './session-key.js'
import { subtleCrypto } from './subtle.js'

/** Bytes in a seed. */
export const SEED_LENGTH = 32

// What stands before the seed in a PKCS #8 Ed25519 key (RFC 8410 §7): the only way to hand WebCrypto a seed
// without knowing the public key.
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/** The Ed25519 key that grows from a 32-byte seed: native where the engine has Ed25519, else @noble/ed25519. */
export async function seedKey(seed: Uint8Array): Promise<SessionKey> {
  const own = Uint8Array.from(seed)
  if (own.length !== SEED_LENGTH) throw new TypeError(`seed must have ${SEED_LENGTH} bytes`)
  return (await nativeSeedKey(own)) ?? nobleSeedKey(own)
}

/** By WebCrypto alone; `undefined` where the engine lacks Ed25519. */
export async function nativeSeedKey(seed: Uint8Array<ArrayBuffer>): Promise<SessionKey | undefined> {
  const subtle = subtleCrypto()
  try {
    const key = await subtle.importKey('pkcs8', concat(PKCS8, seed), 'Ed25519', true, ['sign'])
    const { x } = await subtle.exportKey('jwk', key)
    const bytes = x && fromBase64url(x)
    if (!bytes) return undefined
    return {
      did: encodeDIDKey({ type: 'Ed25519', bytes }),
      type: 'Ed25519',
      sign: async (data) => new Uint8Array(await subtle.sign('Ed25519', key, Uint8Array.from(data))),
    }
  } catch {
    return undefined
  }
}

/** By @noble/ed25519 alone, which loads only now. */
export async function nobleSeedKey(seed: Uint8Array<ArrayBuffer>): Promise<SessionKey> {
  const { getPublicKeyAsync, signAsync } = await import('@noble/ed25519')
  return {
    did: encodeDIDKey({ type: 'Ed25519', bytes: Uint8Array.from(await getPublicKeyAsync(seed)) }),
    type: 'Ed25519',
    sign: async (data) => Uint8Array.from(await signAsync(data, seed)),
  }
}
