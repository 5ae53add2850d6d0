import { concat } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { encodeDIDKey } from './did-key.js'
/** WebCrypto, or a clear error: browsers take `crypto.subtle` away on insecure origins. */
export function subtleCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle
  if (subtle) return subtle
  throw new SessionError(
    'ERR_ENVIRONMENT',
    'crypto.subtle is missing: serve the page over https or from localhost',
  )
}

/** The kinds of key that a session can act with. */
export type SessionKeyType = 'P-256' | 'Ed25519'

/** The key that a session acts with: a did:key and its signature. */
export interface SessionKey {
  readonly did: string
  readonly type: SessionKeyType
  /** The WebCrypto key pair whose private half can't be exported. Absent for a key that grows from a seed. */
  readonly pair?: CryptoKeyPair
  sign(data: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/**
 * Bytes that an engine's own Ed25519 is given at most: with 65,535 or more WebKitGTK's page crashes, signing or verifying.
 */
export const MAX_NATIVE_ED25519 = 60_000

/** How WebCrypto names these keys. */
export const KEY_ALGORITHMS = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
  Ed25519: { name: 'Ed25519' },
} as const
/** How WebCrypto names their signatures. */
export const SIGNATURE_ALGORITHMS = {
  'P-256': { name: 'ECDSA', hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
} as const

/**
 * The session key of a stored pair, or `undefined` if it is not a pair that we would have stored: something
 * else, an unknown algorithm, a private key that can be exported or can't sign.
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

/** The session key of a WebCrypto pair of this type. */
export async function pairKey(pair: CryptoKeyPair, type: SessionKeyType): Promise<SessionKey> {
  const subtle = subtleCrypto()
  return {
    did: encodeDIDKey({ type, bytes: await publicKeyBytes(pair.publicKey, type) }),
    type,
    pair,
    async sign(data) {
      return new Uint8Array(
        await subtle.sign(SIGNATURE_ALGORITHMS[type], pair.privateKey, new Uint8Array(data)),
      )
    },
  }
}

// By way of a JWK, because Node exports that at once, and a raw key only after a trip to another thread.
async function publicKeyBytes(key: CryptoKey, type: SessionKeyType): Promise<Uint8Array<ArrayBuffer>> {
  const jwk = await subtleCrypto().exportKey('jwk', key)
  const x = coordinate(jwk.x)
  // A did:key holds a P-256 point compressed: 02 or 03, by the parity of y, and x.
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
