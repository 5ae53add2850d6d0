import { utf8 } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
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
import { type KeyInput, type KeySigner, malformedKeyError, parseKeyInput } from './key-input.js'

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
  const given = parseKeyInput(input)
  if ('did' in given) {
    const key = parseDIDKey(given.did)
    if (key) return { did: given.did, type: key.type, sign: (data) => given.sign(data) }
  } else if ('secret' in given) {
    const { type, secret } = given
    return type === 'Ed25519' ? seedKey(secret) : curveKey(type, secret)
  } else {
    const kind = given.privateKey.algorithm?.name === 'Ed25519' ? 'Ed25519' : 'P-256'
    const pair = await pairKey(given, kind).catch((error: unknown) => {
      if (error instanceof SessionError) throw error
      // The pair is of another type, or its public key can't be exported.
      return undefined
    })
    if (pair) return pair
  }
  throw malformedKeyError()
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
