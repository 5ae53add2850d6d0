import { utf8 } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { fromHex } from '../../base/hex.js'
import { toBase64url } from '../../base/multibase.js'
import { isBytes } from '../../base/options.js'
import { type AuthMethodOpts, authError } from '../../capability/auth-method.js'
import { type Cacao, hasMetadata } from '../../capability/cacao.js'
import { parseCacao } from '../../capability/parse-cacao.js'
import {
  keySignatureType,
  renderKeyMessage,
  type VerifierOptions,
  verifierInput,
  verifyKeySigned,
} from '../../capability/verify-signature.js'
import { encodeDIDKey, parseDIDKey } from '../../key/did-key.js'
import { seedKey } from '../../key/generate-key.js'
import { type KeyType, type PublicKey, pairKey } from '../../key/session-key.js'
import { SIGNATURE_LENGTH, verifyKeySignature } from '../../key/verify.js'
import { capabilityPayload, type SignInMessageOptions } from '../capability-payload.js'

const SECRET_BYTES = 32

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

/**
 * Signs a capability (CAIP-74) with the key, which is also its issuer, and verifies the signature. Throws
 * `ERR_AUTH_FAILED`, `ERR_CAPABILITY_SIGNATURE` or `ERR_ENVIRONMENT`.
 */
export async function signKeyCapability(
  input: KeyInput,
  opts: AuthMethodOpts,
  options: SignInMessageOptions,
): Promise<Cacao> {
  const key = await keySigner(input)
  const p = capabilityPayload(key.did, opts, options)
  const sign = async (): Promise<Uint8Array> => key.sign(utf8(renderKeyMessage(p)))
  const signature = await sign().catch((cause: unknown) => {
    throw authError(cause)
  })
  if (!isBytes(signature) || signature.length !== SIGNATURE_LENGTH)
    throw new SessionError(
      'ERR_AUTH_FAILED',
      `the key did not return a signature of ${SIGNATURE_LENGTH} bytes: check what its sign function returns`,
    )
  const cacao = parseCacao({
    h: { t: 'caip122' },
    p,
    s: { t: keySignatureType(key.type), s: toBase64url(signature) },
  })
  await verifyKeySigned(cacao, verifyAnyKey)
  return cacao
}

/** Verifies the signature of a capability whose issuer is a did:key. Throws `ERR_CAPABILITY_SIGNATURE`. */
export async function verifyKeyAccount(input: unknown, options: VerifierOptions | undefined): Promise<void> {
  const cacao = verifierInput(input, options)
  if (hasMetadata(cacao))
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      'malformed capability: s.m must be absent, because a signature by a did:key has no metadata',
    )
  await verifyKeySigned(cacao, verifyAnyKey)
}

async function verifyAnyKey(key: PublicKey, signature: Uint8Array, data: Uint8Array): Promise<boolean> {
  if (key.type !== 'secp256k1') return verifyKeySignature(key, signature, data)
  const { secp256k1 } = await import('@noble/curves/secp256k1.js')
  try {
    // Require a low s, which all software produces: from any signature, anyone can derive a second valid one with a high s.
    return secp256k1.verify(signature, data, key.bytes, { lowS: true })
  } catch {
    return false
  }
}

/**
 * Returns a signer for the key. Rejects with a `TypeError` if it is not one of the known forms, and with
 * `ERR_ENVIRONMENT` if `crypto.subtle` is missing.
 */
export async function keySigner(input: KeyInput): Promise<KeySigner & { readonly type: KeyType }> {
  const { did, sign, secret, type, privateKey, publicKey } = (input ?? {}) as Partial<
    KeySigner & KeySecret & CryptoKeyPair
  >
  if (typeof did === 'string' && typeof sign === 'function') {
    const key = parseDIDKey(did)
    if (key) return { did, type: key.type, sign: (data) => (input as KeySigner).sign(data) }
  } else if (privateKey && publicKey) {
    const kind = privateKey.algorithm?.name === 'Ed25519' ? 'Ed25519' : 'P-256'
    const pair = await pairKey({ privateKey, publicKey }, kind).catch((error: unknown) => {
      if (error instanceof SessionError) throw error
      // The pair is of another type, or its public key can't be exported.
      return undefined
    })
    if (pair) return pair
  } else {
    // A secret that comes from an environment variable is often unset.
    if (type !== undefined && (secret === undefined || secret === ''))
      throw new TypeError("the key's secret is not set: set the environment variable that it comes from")
    const bytes = secretBytes(secret)
    if (bytes && type === 'Ed25519') return seedKey(bytes)
    if (bytes && (type === 'P-256' || type === 'secp256k1')) return curveKey(type, bytes)
  }
  throw new TypeError(
    'key must be a CryptoKeyPair (Ed25519 or P-256, with an extractable public key), { type, secret } with a secret of 32 bytes or 64 hex digits, or { did, sign } with a did:key',
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
  if (!curve.utils.isValidSecretKey(secret))
    throw new TypeError(`secret must be a valid private key for ${type}`)
  const bytes = new Uint8Array(curve.getPublicKey(secret, true))
  return { did: encodeDIDKey({ type, bytes }), type, sign: (data) => curve.sign(data, secret) }
}
