import { isBytes } from '../base/bytes.js'
import { fromHex } from '../base/hex.js'
import { encodeDIDKey, type KeyType } from '../key/did-key.js'
import { parseDIDKey } from '../key/parse-did-key.js'
import { seedKey } from '../key/seed-key.js'
import { pairKey } from '../key/session-key.js'

/** What signs with a key that is kept elsewhere. */
export interface KeySigner {
  /** The did:key. */
  readonly did: string
  /** The signature of 64 bytes: EdDSA, or ECDSA with SHA-256 as r and s. */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** A private key of 32 bytes, or in hex; for Ed25519, its seed. */
export interface KeySecret {
  readonly type: KeyType
  readonly secret: Uint8Array | string
}

/** A bare key that signs in: a WebCrypto pair, a secret with its type, or something that signs with one. */
export type KeyInput = CryptoKeyPair | KeySecret | KeySigner

const SECRET_BYTES = 32

/** The key as what signs. Throws a `TypeError` for what is none. */
export async function keySigner(input: KeyInput): Promise<KeySigner & { readonly type: KeyType }> {
  const { did, sign, secret, type, privateKey, publicKey } = (input ?? {}) as Partial<
    KeySigner & KeySecret & CryptoKeyPair
  >
  if (typeof did === 'string' && typeof sign === 'function') {
    const key = parseDIDKey(did)
    if (key) return { did, type: key.type, sign: (data) => (input as KeySigner).sign(data) }
  } else if (privateKey && publicKey) {
    const kind = privateKey.algorithm.name === 'Ed25519' ? 'Ed25519' : 'P-256'
    return pairKey({ privateKey, publicKey }, kind)
  } else {
    const bytes = secretBytes(secret)
    if (bytes && type === 'Ed25519') return seedKey(bytes)
    if (bytes && (type === 'P-256' || type === 'secp256k1')) return curveKey(type, bytes)
  }
  throw new TypeError(
    'key must be a CryptoKeyPair (Ed25519 or P-256), { type, secret } with 32 bytes or hex, or { did, sign } with a did:key',
  )
}

function secretBytes(secret: unknown): Uint8Array<ArrayBuffer> | undefined {
  const bytes = typeof secret === 'string' ? fromHex(secret.replace(/^0x/, '')) : secret
  return isBytes(bytes) && bytes.length === SECRET_BYTES ? new Uint8Array(bytes) : undefined
}

async function curveKey(
  type: 'P-256' | 'secp256k1',
  secret: Uint8Array,
): Promise<KeySigner & { readonly type: KeyType }> {
  const curve =
    type === 'P-256'
      ? (await import('@noble/curves/nist.js')).p256
      : (await import('@noble/curves/secp256k1.js')).secp256k1
  if (!curve.utils.isValidSecretKey(secret)) throw new TypeError(`secret must be a private key of ${type}`)
  const bytes = new Uint8Array(curve.getPublicKey(secret, true))
  return { did: encodeDIDKey({ type, bytes }), type, sign: (data) => curve.sign(data, secret) }
}
