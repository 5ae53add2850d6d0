import { fromHex } from '../../base/hex.js'
import { isBytes } from '../../base/options.js'
import type { KeyType } from '../../key/session-key.js'

const SECRET_BYTES = 32
const TYPES: readonly KeyType[] = ['Ed25519', 'P-256', 'secp256k1']

/** A key that is kept elsewhere and signs there. */
export interface KeySigner {
  /** The key's did:key. */
  readonly did: string
  /** Returns a signature of 64 bytes: EdDSA for Ed25519, otherwise ECDSA with SHA-256 as r and s. */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** A private key: 32 bytes, or 64 hex digits. For Ed25519 it is the seed. */
export interface KeySecret {
  readonly type: KeyType
  readonly secret: Uint8Array | string
}

/** A bare key that signs in: a WebCrypto key pair, a secret with its type, or an object that signs. */
export type KeyInput = CryptoKeyPair | KeySecret | KeySigner

/** A secret of the right length. */
interface SecretBytes {
  readonly type: KeyType
  readonly secret: Uint8Array<ArrayBuffer>
}

/** Recognises a key by its shape. Throws a `TypeError` if it is none of the known forms. */
export function parseKeyInput(input: KeyInput): CryptoKeyPair | SecretBytes | KeySigner {
  const { did, sign, secret, type, privateKey, publicKey } = (input ?? {}) as Partial<
    KeySigner & KeySecret & CryptoKeyPair
  >
  if (typeof did === 'string' && did.startsWith('did:key:') && typeof sign === 'function')
    return input as KeySigner
  if (privateKey && publicKey) return { privateKey, publicKey }
  // A secret that comes from an environment variable is often unset.
  if (type !== undefined && (secret === undefined || secret === ''))
    throw new TypeError("the key's secret is not set: set the environment variable that it comes from")
  const bytes = typeof secret === 'string' ? fromHex(secret.replace(/^0x/, '')) : secret
  if (isBytes(bytes) && bytes.length === SECRET_BYTES && type !== undefined && TYPES.includes(type))
    return { type, secret: new Uint8Array(bytes) }
  throw malformedKeyError()
}

/** The error for a key that is none of the known forms. */
export function malformedKeyError(): TypeError {
  return new TypeError(
    'key must be a CryptoKeyPair (Ed25519 or P-256, with an extractable public key), { type, secret } with a secret of 32 bytes or 64 hex digits, or { did, sign } with a did:key',
  )
}
