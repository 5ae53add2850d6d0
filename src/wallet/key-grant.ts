import { toBase64url } from '../base/base64.js'
import { isBytes } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { utf8 } from '../base/utf8.js'
import { type AuthMethodOpts, authError } from '../capability/auth-method.js'
import { type Cacao, parseCacao } from '../capability/cacao.js'
import { keySignatureType, renderKeyMessage, verifyKeySigned } from '../capability/key-signature.js'
import { verifierInput } from '../capability/verifier-input.js'
import type { VerifierOptions } from '../capability/verify-signature.js'
import type { PublicKey } from '../key/did-key.js'
import { SIGNATURE_LENGTH, verifyKeySignature } from '../key/verify.js'
import { type GrantTextOptions, grantPayload } from './grant-payload.js'
import { type KeyInput, keySigner } from './key-signer.js'

/** Has the key sign the text for itself, and checks that it did. */
export async function keyGrant(
  input: KeyInput,
  opts: AuthMethodOpts,
  options: GrantTextOptions,
): Promise<Cacao> {
  const key = await keySigner(input)
  const p = grantPayload(key.did, opts, options)
  const sign = async (): Promise<Uint8Array> => key.sign(utf8(renderKeyMessage(p)))
  const signature = await sign().catch((cause: unknown) => {
    throw authError(cause)
  })
  if (!isBytes(signature) || signature.length !== SIGNATURE_LENGTH)
    throw new SessionError('ERR_AUTH_FAILED', `the key gave no signature of ${SIGNATURE_LENGTH} bytes`)
  const cacao = parseCacao({
    h: { t: 'caip122' },
    p,
    s: { t: keySignatureType(key.type), s: toBase64url(signature) },
  })
  await verifyKeySigned(cacao, verifyAnyKey)
  return cacao
}

/** Checks the signature of an account that is a did:key. Throws `ERR_CAPABILITY_SIGNATURE`. */
export async function verifyKeyAccount(input: unknown, options: VerifierOptions | undefined): Promise<void> {
  const cacao = verifierInput(input, options)
  if (cacao.s.m) throw new SessionError('ERR_CAPABILITY_INVALID', 'malformed capability: s.m must be absent')
  await verifyKeySigned(cacao, verifyAnyKey)
}

async function verifyAnyKey(key: PublicKey, signature: Uint8Array, data: Uint8Array): Promise<boolean> {
  if (key.type !== 'secp256k1') return verifyKeySignature(key, signature, data)
  const { secp256k1 } = await import('@noble/curves/secp256k1.js')
  try {
    // With a low s, as everyone's software makes it: anyone could make a second signature of another one.
    return secp256k1.verify(signature, data, key.bytes, { lowS: true })
  } catch {
    return false
  }
}
