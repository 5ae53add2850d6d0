import { concat } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { didKeyOf } from './public-key.js'

/** The types of key that a session can act with. */
export type SessionKeyType = 'P-256' | 'Ed25519'

/** The key that a session acts with. */
export interface SessionKey {
  /** The did:key of its public key. */
  readonly did: string
  readonly type: SessionKeyType
  /** The WebCrypto key pair, whose private key can't be exported. Absent for a key that is derived from a seed. */
  readonly pair?: CryptoKeyPair
  /** Signs bytes: 64 bytes of ES256 (r and s) or Ed25519. */
  sign(data: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** The algorithms of signatures in WebCrypto. */
export const SIGNATURE_ALGORITHMS = {
  'P-256': { name: 'ECDSA', hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
} as const

/**
 * The session key of a key pair from a store; `undefined` for anything that this library would not have stored: another
 * value, another algorithm, or a private key that can be exported or can't sign.
 */
export async function sessionKeyOfPair(stored: unknown): Promise<SessionKey | undefined> {
  if (typeof stored !== 'object' || stored === null) return undefined
  const { privateKey, publicKey } = stored as Partial<CryptoKeyPair>
  const type = keyType(privateKey)
  if (!privateKey || !publicKey || !type || keyType(publicKey) !== type) return undefined
  if (privateKey.type !== 'private' || privateKey.extractable || !privateKey.usages.includes('sign'))
    return undefined
  if (publicKey.type !== 'public') return undefined
  return pairKey({ privateKey, publicKey }, type).catch(() => undefined)
}

/** The session key of a WebCrypto key pair of this type. */
export async function pairKey(pair: CryptoKeyPair, type: SessionKeyType): Promise<SessionKey> {
  const subtle = subtleCrypto()
  return {
    did: didKeyOf({ type, bytes: await publicKeyBytes(pair.publicKey, type) }),
    type,
    pair,
    async sign(data) {
      return new Uint8Array(
        await subtle.sign(SIGNATURE_ALGORITHMS[type], pair.privateKey, new Uint8Array(data)),
      )
    },
  }
}

// Exported as a JWK, because Node does that at once, but exports a raw key on another thread.
async function publicKeyBytes(key: CryptoKey, type: SessionKeyType): Promise<Uint8Array<ArrayBuffer>> {
  const jwk = await subtleCrypto().exportKey('jwk', key)
  const x = coordinate(jwk.x)
  // A did:key holds the compressed point of a P-256 key: 02 or 03, depending on the parity of y, and then x.
  return type === 'Ed25519' ? x : concat(Uint8Array.of(2 + ((coordinate(jwk.y).at(-1) ?? 0) & 1)), x)
}

function coordinate(base64url = ''): Uint8Array<ArrayBuffer> {
  const binary = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function keyType(key: CryptoKey | undefined): SessionKeyType | undefined {
  const algorithm: { name?: string; namedCurve?: string } | undefined = key?.algorithm
  if (algorithm?.name === 'Ed25519') return 'Ed25519'
  return algorithm?.name === 'ECDSA' && algorithm.namedCurve === 'P-256' ? 'P-256' : undefined
}

/** `crypto.subtle`. Throws `ERR_ENVIRONMENT` where it is missing: browsers have it on secure origins only. */
export function subtleCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle
  if (subtle) return subtle
  throw new SessionError(
    'ERR_ENVIRONMENT',
    'crypto.subtle is missing: serve the page over https or from localhost',
  )
}

// Two sessions of one page may have the same key: signing one of them out ends the other, so this goes by the did:key.
const removed = new Set<string>()

/** Whether the key was signed out while it was in use, in this tab or another: it signs no more. */
export function isRemoved(keyDID: string): boolean {
  return removed.has(keyDID)
}

/** Keeps the key from signing, at once. */
export function markRemoved(keyDID: string): void {
  removed.add(keyDID)
}
