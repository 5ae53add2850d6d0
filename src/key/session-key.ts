import { SessionError } from '../base/errors.js'

/** The types of public key that a did:key of this library can hold. */
export type KeyType = 'Ed25519' | 'P-256' | 'secp256k1'

/** A public key: 32 bytes for Ed25519, and the compressed point (33 bytes, SEC 1) for P-256 and secp256k1. */
export interface PublicKey {
  readonly type: KeyType
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** For each type of key: its multicodec as an unsigned varint, and its length in bytes. */
export const DID_KEY_FORMATS: ReadonlyArray<{
  type: KeyType
  prefix: readonly [number, number]
  length: number
}> = [
  { type: 'Ed25519', prefix: [0xed, 0x01], length: 32 },
  { type: 'P-256', prefix: [0x80, 0x24], length: 33 },
  { type: 'secp256k1', prefix: [0xe7, 0x01], length: 33 },
]

/**
 * The did:key of a public key (did:key method, multibase `z`). Throws a `TypeError` if the bytes have the wrong length
 * for the type. Use this only for keys that this engine generated; `encodeDIDKey` also refuses weak keys.
 */
export function didKeyOf({ type, bytes }: PublicKey): string {
  const format = DID_KEY_FORMATS.find((known) => known.type === type)
  if (bytes.length !== format?.length) throw notOfType(type)
  return `did:key:z${toBase58(Uint8Array.of(...format.prefix, ...bytes))}`
}

// Base58 encoding is written by hand, because a page needs it before it knows whether someone is signed in. The codec
// of multiformats, which is used to decode, would take 1.9 kB of the 12.5 kB (gzip) that the main entry may load. A
// test compares the two.
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Encodes bytes in base58btc. Takes time quadratic in the length, so use it for keys, not for documents. */
export function toBase58(bytes: Uint8Array): string {
  let number = 0n
  for (const byte of bytes) number = number * 256n + BigInt(byte)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  // A leading zero byte is written as the digit `1`.
  const zeros = bytes.findIndex((byte) => byte !== 0)
  return '1'.repeat(zeros < 0 ? bytes.length : zeros) + text
}

/** The error for bytes that are not a public key of that type. */
export function notOfType(type: KeyType): TypeError {
  return new TypeError(`not a ${type} public key`)
}

/** The types of key that a session can have. */
export type SessionKeyType = 'P-256' | 'Ed25519'

/** The key with which a session signs. */
export interface SessionKey {
  /** The did:key of its public key. */
  readonly did: string
  readonly type: SessionKeyType
  /** The WebCrypto key pair, whose private key can't be exported. Absent for a key that is derived from a seed. */
  readonly pair?: CryptoKeyPair
  /** Signs bytes. Returns 64 bytes: an ES256 signature (r and s), or an Ed25519 signature. */
  sign(data: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** The signature algorithms, as WebCrypto's `sign` and `verify` take them. */
export const SIGNATURE_ALGORITHMS = {
  'P-256': { name: 'ECDSA', hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
} as const

/**
 * The session key of a key pair from a store; `undefined` for any value that this library would not have stored: not a
 * key pair, another algorithm, or a private key that can be exported or can't sign.
 */
export async function sessionKeyOfPair(stored: unknown): Promise<SessionKey | undefined> {
  if (typeof stored !== 'object' || stored === null) return undefined
  const { privateKey, publicKey } = stored as Partial<CryptoKeyPair>
  const type = keyType(privateKey)
  if (!privateKey || !publicKey || !type || keyType(publicKey) !== type) return undefined
  if (privateKey.type !== 'private' || privateKey.extractable || !privateKey.usages?.includes('sign'))
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

// Exported as a JWK, because Node exports a raw key on another thread, which takes longer.
async function publicKeyBytes(key: CryptoKey, type: SessionKeyType): Promise<Uint8Array<ArrayBuffer>> {
  const jwk = await subtleCrypto().exportKey('jwk', key)
  const x = coordinate(jwk.x)
  // A did:key holds the compressed point of a P-256 key: 02 or 03, depending on the parity of y, and then x.
  return type === 'Ed25519' ? x : Uint8Array.of(2 + ((coordinate(jwk.y).at(-1) ?? 0) & 1), ...x)
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

/** Returns `crypto.subtle`. Throws `ERR_ENVIRONMENT` if it is missing: browsers have it only on secure origins. */
export function subtleCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle
  if (subtle) return subtle
  throw new SessionError(
    'ERR_ENVIRONMENT',
    'crypto.subtle is missing: serve the page over https or from localhost',
  )
}

// The did:keys of signed-out sessions. Two sessions of a page may have the same key, and signing one of them out ends
// both.
const removed = new Set<string>()

/** Whether the session of this key was signed out in this tab or another one, so that the key may no longer sign. */
export function isRemoved(keyDID: string): boolean {
  return removed.has(keyDID)
}

/** Throws `ERR_SESSION_REMOVED` if the session of this key was signed out. */
export function assertNotRemoved(keyDID: string): void {
  if (!isRemoved(keyDID)) return
  throw new SessionError(
    'ERR_SESSION_REMOVED',
    'the session was signed out, here or in another tab: sign in again',
  )
}

/** Records that the session of this key was signed out, so that the key stops signing at once. */
export function markRemoved(keyDID: string): void {
  removed.add(keyDID)
}
