import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import type { CacaoVerifier } from '../../capability/verify-signature.js'
import type { GrantTextOptions } from '../capability-payload.js'
import type { KeyInput } from './sign-in.js'

export type { KeyType } from '../../key/did-key.js'
export type { GrantTextOptions } from '../capability-payload.js'
export type { KeyInput, KeySecret, KeySigner } from './sign-in.js'

/**
 * Signs in with a bare key, whose did:key is then the account: an auth method for servers, command lines, devices and tests,
 * where there is no wallet. Takes a WebCrypto key pair (Ed25519 or P-256), a secret of 32 bytes with its type, or an object
 * that has a `did` and signs with it, such as a key in a vault. Rejects with `ERR_AUTH_FAILED` if the key doesn't sign, with
 * `ERR_CAPABILITY_ISSUER` if the session is for another account, with `ERR_ENVIRONMENT` without a domain.
 *
 * @example
 * const key = { type: 'Ed25519', secret: process.env.DEVICE_KEY } as const
 * const session = await DIDSession.get(await keyAccount(key), keyAuth(key, { domain: 'backup.example.com' }), { resources })
 */
export function keyAuth(
  key: KeyInput,
  options: GrantTextOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  return async (opts) => {
    const { keyGrant } = await import('./sign-in.js')
    return keyGrant(key, opts, options)
  }
}

/** The account that a key is: its did:key. */
export async function keyAccount(key: KeyInput): Promise<string> {
  const { keySigner } = await import('./sign-in.js')
  return (await keySigner(key)).did
}

/**
 * Verifiers for capabilities that a did:key signs as an account: `key:ed25519`, `key:p256` and `key:secp256k1`. What a
 * session delegates needs none.
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
