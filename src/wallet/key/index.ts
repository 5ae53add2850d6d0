import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import type { CacaoVerifier } from '../../capability/verify-signature.js'
import type { SignInMessageOptions } from '../capability-payload.js'
import { assertMessageOptions } from '../message-options.js'
import { type KeyInput, parseKeyInput } from './key-input.js'

export type { KeyType } from '../../key/session-key.js'
export type { SignInMessageOptions } from '../capability-payload.js'
export type { KeyInput, KeySecret, KeySigner } from './key-input.js'

/**
 * Makes an auth method that signs in with a bare key, whose did:key is the account. It is meant for servers,
 * command lines, devices and tests, where there is no wallet. Takes a WebCrypto key pair (Ed25519 or P-256),
 * a secret of 32 bytes with its type, or an object with a `did` and a `sign` method, such as a key in a vault.
 *
 * Throws a `TypeError` if the key is none of these, such as a secret from an environment variable that is not set. The
 * auth method rejects with `ERR_AUTH_FAILED` if the key cannot be used or does not sign, with `ERR_CAPABILITY_ISSUER` if
 * the session is for a different account, and with `ERR_ENVIRONMENT` if there is no domain to sign in to.
 *
 * @example
 * const key = { type: 'Ed25519', secret: process.env.DEVICE_KEY ?? '' } as const
 * const session = await DIDSession.get(await keyAccount(key), keyAuth(key, { domain: 'backup.example.com' }), { resources })
 */
export function keyAuth(
  key: KeyInput,
  options: SignInMessageOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  assertMessageOptions(options, [])
  parseKeyInput(key)
  return async (opts) => {
    const { signKeyCapability } = await import('./sign-in.js')
    return signKeyCapability(key, opts, options)
  }
}

/** Returns the account of a key, which is its did:key. Rejects with a `TypeError` if it is not a key. */
export async function keyAccount(key: KeyInput): Promise<string> {
  const { keySigner } = await import('./sign-in.js')
  return (await keySigner(key)).did
}

/**
 * Returns verifiers for capabilities whose issuer is a did:key: `key:ed25519`, `key:p256` and
 * `key:secp256k1`. They are not needed for capabilities that a session delegated.
 *
 * @example
 * const cacao = await verifyCacao(json, { verifiers: { ...ethereumVerifiers(), ...keyVerifiers() }, issuer: deviceDID })
 */
export function keyVerifiers(): Record<'key:ed25519' | 'key:p256' | 'key:secp256k1', CacaoVerifier> {
  const verify: CacaoVerifier = async (cacao, options) => {
    const { verifyKeyAccount } = await import('./sign-in.js')
    await verifyKeyAccount(cacao, options)
  }
  return { 'key:ed25519': verify, 'key:p256': verify, 'key:secp256k1': verify }
}
